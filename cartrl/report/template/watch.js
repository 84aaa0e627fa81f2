"use strict";
// Plays a policy. The dynamics are gym 0.23's, step for step, in double precision as there.

const clip = (value, low, high) => Math.min(Math.max(value, low), high);
const uniform = (low, high) => low + (high - low) * Math.random();
const wrapped = (angle) => {
  while (angle > Math.PI) angle -= 2 * Math.PI;
  while (angle < -Math.PI) angle += 2 * Math.PI;
  return angle;
};

// A task: its constants by gym's names; start() and observe(state); step(state, action, c) returns the next state, the
// reward and whether the episode has ended; draw(state) returns shapes; drag(name, x, y, state) returns the state in
// which what is called `name` is at (x, y), at rest; push(state, sign) returns the state after a push.
const TASKS = {
  cartpole: {
    seconds: 0.02,
    box: [-2.8, -1.5, 5.6, 2.2],
    hint: "Drag the pole or the cart, and see how the policy answers.",
    ended: "The pole fell, or the cart left the track",
    constants: {
      gravity: 9.8, masscart: 1.0, masspole: 0.1, length: 0.5, force_mag: 10.0, tau: 0.02, x_threshold: 2.4,
      theta_threshold_radians: (12 * 2 * Math.PI) / 360,
    },
    start: () => [0, 0, 0, 0].map(() => uniform(-0.05, 0.05)),
    observe: (state) => state,
    step([x, xDot, theta, thetaDot], action, c) {
      const force = action === 1 ? c.force_mag : -c.force_mag;
      const cos = Math.cos(theta), sin = Math.sin(theta), total = c.masspole + c.masscart;
      const moment = c.masspole * c.length;
      const temp = (force + moment * thetaDot ** 2 * sin) / total;
      const thetaAcc = (c.gravity * sin - cos * temp) / (c.length * (4 / 3 - (c.masspole * cos ** 2) / total));
      const xAcc = temp - (moment * thetaAcc * cos) / total;
      const next = [x + c.tau * xDot, xDot + c.tau * xAcc, theta + c.tau * thetaDot, thetaDot + c.tau * thetaAcc];
      const isOver = Math.abs(next[0]) > c.x_threshold || Math.abs(next[2]) > c.theta_threshold_radians;
      return { state: next, reward: 1, isOver };
    },
    draw([x, , theta], c) {
      const tip = [x + 2 * c.length * Math.sin(theta), -2 * c.length * Math.cos(theta)];
      return [
        { line: [-c.x_threshold, 0.16, c.x_threshold, 0.16], as: "ground", width: 0.03 },
        { line: [x - 0.2, 0, x + 0.2, 0], as: "body", width: 0.26 },
        { line: [x, 0, ...tip], as: "pole", width: 0.1 },
        { grip: "cart", at: [x, 0], radius: 0.3 },
        { grip: "pole", at: tip, radius: 0.4 },
      ];
    },
    drag(name, px, py, [x, , theta], c) {
      const most = c.theta_threshold_radians * 0.95;
      if (name === "cart") return [clip(px, -c.x_threshold, c.x_threshold), 0, theta, 0];
      return [x, 0, clip(Math.atan2(px - x, -py), -most, most), 0];
    },
    push: ([x, xDot, theta, thetaDot], sign) => [x, xDot, theta, thetaDot + sign * 0.4],
  },
  pendulum: {
    seconds: 0.05,
    box: [-1.5, -1.3, 3, 2.6],
    hint: "Drag the pendulum, and see how the policy answers.",
    ended: "",
    constants: { g: 10.0, m: 1.0, l: 1.0, dt: 0.05, max_torque: 2.0, max_speed: 8 },
    start: () => [uniform(-Math.PI, Math.PI), uniform(-1, 1)],
    observe: ([theta, speed]) => [Math.cos(theta), Math.sin(theta), speed],
    step([theta, speed], action, c) {
      const torque = clip(action[0], -c.max_torque, c.max_torque);
      const angle = ((((theta + Math.PI) % (2 * Math.PI)) + 2 * Math.PI) % (2 * Math.PI)) - Math.PI;
      const reward = -(angle ** 2 + 0.1 * speed ** 2 + 0.001 * torque ** 2);
      const faster = speed + (((3 * c.g) / (2 * c.l)) * Math.sin(theta) + (3 / (c.m * c.l ** 2)) * torque) * c.dt;
      const next = clip(faster, -c.max_speed, c.max_speed);
      return { state: [theta + next * c.dt, next], reward, isOver: false };
    },
    draw([theta]) {
      const tip = [Math.sin(-theta), -Math.cos(theta)];
      return [
        { line: [0, 0, ...tip], as: "pole", width: 0.16 },
        { line: [0, 0, 0, 0], as: "body", width: 0.16 },
        { grip: "pole", at: tip, radius: 0.4 },
      ];
    },
    drag: (name, px, py) => [-Math.atan2(px, -py), 0],
    push: ([theta, speed], sign) => [theta, speed - sign * 2],
  },
  mountaincar: {
    seconds: 1 / 30,
    box: [-1.3, -1.15, 2, 1.3],
    hint: "Drag the car, and see how the policy answers.",
    ended: "The car reached the flag",
    constants: {
      force: 0.001, gravity: 0.0025, max_speed: 0.07, min_position: -1.2, max_position: 0.6, goal_position: 0.5,
      goal_velocity: 0,
    },
    start: () => [uniform(-0.6, -0.4), 0],
    observe: (state) => state,
    step([position, velocity], action, c) {
      const faster = velocity + (action - 1) * c.force + Math.cos(3 * position) * -c.gravity;
      let next = clip(faster, -c.max_speed, c.max_speed);
      const place = clip(position + next, c.min_position, c.max_position);
      if (place === c.min_position && next < 0) next = 0;
      return { state: [place, next], reward: -1, isOver: place >= c.goal_position && next >= c.goal_velocity };
    },
    draw([position], c) {
      const height = (x) => -(Math.sin(3 * x) * 0.45 + 0.55);
      const hill = [];
      for (let x = c.min_position; x <= c.max_position + 1e-9; x += 0.02) hill.push([x, height(x)]);
      const car = [position, height(position) - 0.06];
      const flag = [c.goal_position, height(c.goal_position)];
      return [
        { path: hill, as: "ground", width: 0.02 },
        { line: [...flag, flag[0], flag[1] - 0.12], as: "pole", width: 0.02 },
        { line: [...car, ...car], as: "body", width: 0.12 },
        { grip: "car", at: car, radius: 0.2 },
      ];
    },
    drag: (name, px, py, state, c) => [clip(px, c.min_position, c.goal_position - 0.01), 0],
    push: ([position, velocity], sign, c) => [position, clip(velocity + sign * 0.02, -c.max_speed, c.max_speed)],
  },
  acrobot: {
    seconds: 1 / 15,
    box: [-2.6, -2.3, 5.2, 4.6],
    hint: "Drag the joint or the tip, and see how the policy answers.",
    ended: "The tip reached the line",
    constants: {
      LINK_MASS_1: 1.0, LINK_MASS_2: 1.0, LINK_LENGTH_1: 1.0, LINK_LENGTH_2: 1.0, LINK_COM_POS_1: 0.5,
      LINK_COM_POS_2: 0.5, LINK_MOI: 1.0, MAX_VEL_1: 4 * Math.PI, MAX_VEL_2: 9 * Math.PI, dt: 0.2,
    },
    start: () => [0, 0, 0, 0].map(() => uniform(-0.1, 0.1)),
    observe: ([a, b, aDot, bDot]) => [Math.cos(a), Math.sin(a), Math.cos(b), Math.sin(b), aDot, bDot],
    step(state, action, c) {
      const torque = action - 1;
      const after = (change, by) => state.map((value, index) => value + by * change[index]);
      const k1 = swing(state, torque, c), k2 = swing(after(k1, c.dt / 2), torque, c);
      const k3 = swing(after(k2, c.dt / 2), torque, c), k4 = swing(after(k3, c.dt), torque, c);
      const next = state.map((value, i) => value + (c.dt / 6) * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]));
      next[0] = wrapped(next[0]);
      next[1] = wrapped(next[1]);
      next[2] = clip(next[2], -c.MAX_VEL_1, c.MAX_VEL_1);
      next[3] = clip(next[3], -c.MAX_VEL_2, c.MAX_VEL_2);
      const isOver = -Math.cos(next[0]) - Math.cos(next[1] + next[0]) > 1;
      return { state: next, reward: isOver ? 0 : -1, isOver };
    },
    draw([a, b], c) {
      const joint = [c.LINK_LENGTH_1 * Math.sin(a), c.LINK_LENGTH_1 * Math.cos(a)];
      const tip = [joint[0] + c.LINK_LENGTH_2 * Math.sin(a + b), joint[1] + c.LINK_LENGTH_2 * Math.cos(a + b)];
      return [
        { line: [-2.4, -1, 2.4, -1], as: "ground", width: 0.03 },
        { line: [0, 0, ...joint], as: "body", width: 0.16 },
        { line: [...joint, ...tip], as: "pole", width: 0.16 },
        { grip: "joint", at: joint, radius: 0.4 },
        { grip: "tip", at: tip, radius: 0.4 },
      ];
    },
    drag(name, px, py, [a, b], c) {
      if (name === "joint") return [Math.atan2(px, py), b, 0, 0];
      const joint = [c.LINK_LENGTH_1 * Math.sin(a), c.LINK_LENGTH_1 * Math.cos(a)];
      return [a, wrapped(Math.atan2(px - joint[0], py - joint[1]) - a), 0, 0];
    },
    push: ([a, b, aDot, bDot], sign) => [a, b, aDot + sign, bDot],
  },
};

// The time derivatives of an Acrobot's state, as in Sutton and Barto's book.
function swing([a, b, aDot, bDot], torque, c) {
  const m1 = c.LINK_MASS_1, m2 = c.LINK_MASS_2, l1 = c.LINK_LENGTH_1, g = 9.8;
  const lc1 = c.LINK_COM_POS_1, lc2 = c.LINK_COM_POS_2, inertia = c.LINK_MOI;
  const d1 = m1 * lc1 ** 2 + m2 * (l1 ** 2 + lc2 ** 2 + 2 * l1 * lc2 * Math.cos(b)) + inertia + inertia;
  const d2 = m2 * (lc2 ** 2 + l1 * lc2 * Math.cos(b)) + inertia;
  const phi2 = m2 * lc2 * g * Math.cos(a + b - Math.PI / 2);
  const phi1 = -m2 * l1 * lc2 * bDot ** 2 * Math.sin(b) - 2 * m2 * l1 * lc2 * bDot * aDot * Math.sin(b)
    + (m1 * lc1 + m2 * l1) * g * Math.cos(a - Math.PI / 2) + phi2;
  const bAcc = (torque + (d2 / d1) * phi1 - m2 * l1 * lc2 * aDot ** 2 * Math.sin(b) - phi2)
    / (m2 * lc2 ** 2 + inertia - d2 ** 2 / d1);
  return [aDot, bDot, -(d2 * bAcc + phi1) / d1, bAcc];
}

const played = JSON.parse(document.getElementById("played").textContent);
const task = TASKS[played.task];
const constants = { ...task.constants, ...played.constants };

const arrays = Object.fromEntries(Object.entries(played.policy).map(([name, value]) => [name, decoded(value)]));

function decoded(value) {
  if (typeof value === "string") return value;
  return new Float32Array(Uint8Array.from(atob(value.float32), (letter) => letter.charCodeAt(0)).buffer);
}

// The last layer of the network for an observation.
function output(observation) {
  let x = Array.from(observation, Math.fround);
  if (arrays.scale) {
    const bound = arrays.clip[0];
    x = x.map((value, index) => clip(value * arrays.scale[index] + arrays.shift[index], -bound, bound));
  }
  const active = { relu: (value) => Math.max(value, 0), tanh: Math.tanh }[arrays.activation];
  for (let layer = 0; layer < arrays.layers[0]; layer += 1) {
    const kernel = arrays[`kernel_${layer}`], bias = arrays[`bias_${layer}`];
    const sums = Array.from(bias);
    x.forEach((value, row) => {
      for (let column = 0; column < sums.length; column += 1) sums[column] += value * kernel[row * sums.length + column];
    });
    x = layer < arrays.layers[0] - 1 ? sums.map(active) : sums;
  }
  return x;
}

// The greedy action: a number, or an array of bounded ones.
function act(observation) {
  const values = output(observation);
  if (arrays.first_action) return values.indexOf(Math.max(...values)) + arrays.first_action[0];
  const means = values.slice(0, arrays.low.length);
  const bounded = arrays.squash === "none" ? means
    : means.map((value, index) => arrays.middle[index] + arrays.half[index] * Math.tanh(value));
  return bounded.map((value, index) => clip(value, arrays.low[index], arrays.high[index]));
}

// The picture.
const scene = document.getElementById("scene");
scene.setAttribute("viewBox", task.box.join(" "));

function shape(kind, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function shapeOf(part) {
  if (part.grip) {
    return shape("circle", { class: "grip", "data-grip": part.grip, cx: part.at[0], cy: part.at[1], r: part.radius });
  }
  const style = { class: part.as, style: `stroke-width:${part.width}` };
  if (part.path) return shape("polyline", { ...style, points: part.path.map((place) => place.join(",")).join(" ") });
  const [x1, y1, x2, y2] = part.line;
  return shape("line", { ...style, x1, y1, x2: x2 + 1e-6, y2 }); // a line without length has no round end everywhere
}

const show = (id, text) => { document.getElementById(id).textContent = text; };

// The game.
const game = { state: task.start(), steps: 0, total: 0, isPaused: false, isOver: false, held: null, restart: 0 };
game.isPaused = played.isPaused || matchMedia("(prefers-reduced-motion: reduce)").matches;

function paint(action) {
  if (!game.held) scene.replaceChildren(...task.draw(game.state, constants).map(shapeOf));
  show("steps", game.steps.toLocaleString("en"));
  show("return", game.total.toFixed(Number.isInteger(game.total) ? 0 : 1));
  if (action !== undefined) show("action", typeof action === "number" ? action : action[0].toFixed(2));
  show("pause", game.isPaused ? "Play" : "Pause");
}

function again() {
  Object.assign(game, { state: task.start(), steps: 0, total: 0, isOver: false });
  show("said", "");
  paint();
}

function advance() {
  const action = act(task.observe(game.state));
  const { state, reward, isOver } = task.step(game.state, action, constants);
  Object.assign(game, { state, steps: game.steps + 1, total: game.total + reward, isOver });
  if (isOver) {
    show("said", `${task.ended} after ${game.steps.toLocaleString("en")} steps.`);
    game.restart = 1.5;
  }
  return action;
}

let last = null, owed = 0;
function frame(now) {
  const passed = last === null ? 0 : Math.min((now - last) / 1000, 0.25);
  last = now;
  if (!game.isPaused && !game.held) {
    if (game.isOver) {
      game.restart -= passed;
      if (game.restart <= 0) again();
    } else {
      let action;
      for (owed += passed; owed >= task.seconds && !game.isOver; owed -= task.seconds) action = advance();
      paint(action);
    }
  }
  requestAnimationFrame(frame);
}

// The hand.
function placed(event) {
  const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(scene.getScreenCTM().inverse());
  return [place.x, place.y];
}

function drag(event) {
  if (!game.held) return;
  game.state = task.drag(game.held, ...placed(event), game.state, constants);
  scene.replaceChildren(...task.draw(game.state, constants).map(shapeOf));
}

scene.addEventListener("pointerdown", (event) => {
  const [x, y] = placed(event);
  const near = task.draw(game.state, constants)
    .filter((part) => part.grip && Math.hypot(part.at[0] - x, part.at[1] - y) <= part.radius)
    .sort((one, other) => Math.hypot(one.at[0] - x, one.at[1] - y) - Math.hypot(other.at[0] - x, other.at[1] - y));
  if (!near.length) return;
  if (game.isOver) again();
  game.held = near[0].grip;
  scene.setPointerCapture(event.pointerId);
  drag(event);
});
scene.addEventListener("pointermove", drag);
for (const end of ["pointerup", "pointercancel"]) scene.addEventListener(end, () => { game.held = null; });

function push(sign) {
  if (!game.isOver) game.state = task.push(game.state, sign, constants);
}

const onClick = (id, answer) => document.getElementById(id).addEventListener("click", answer);
onClick("pause", () => { game.isPaused = !game.isPaused; paint(); });
onClick("again", again);
onClick("left", () => push(-1));
onClick("right", () => push(1));

show("hint", task.hint);
paint();
requestAnimationFrame(frame);

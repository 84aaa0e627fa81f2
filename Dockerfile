# The README's main command in an image: docker build -t cartrl . && docker run -v "$PWD/runs:/home/cartrl/runs" cartrl
FROM python:3.11-slim

COPY . /src
RUN pip install --no-cache-dir /src && useradd --create-home cartrl && cp -r /src/configs /home/cartrl/configs \
    && mkdir /home/cartrl/runs && chown -R cartrl /home/cartrl && rm -r /src

USER cartrl
WORKDIR /home/cartrl
CMD ["cartrl", "train", "--config", "configs/reinforce.yaml"]

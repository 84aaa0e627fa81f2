"""Policies that play without cartrl: as arrays for numpy, as an ONNX model, as plain TensorFlow."""

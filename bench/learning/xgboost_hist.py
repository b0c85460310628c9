"""XGBoost's `hist` on one thread, for bench/learning.ts: reads columns from a file, prints one line of JSON.

Usage: xgboost_hist.py <file of float32: the features column by column, then the labels> <rows> <features> <training rows> <parameters as JSON> <rounds>
"""
import json
import sys
import time

import numpy as np
import xgboost as xgb

path, rows, features, train, parameters, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), json.loads(sys.argv[5]), int(sys.argv[6])
data = np.fromfile(path, dtype=np.float32)
x, y = data[: rows * features].reshape(features, rows).T.copy(), data[rows * features :]
started = time.perf_counter()
model = xgb.train(parameters, xgb.QuantileDMatrix(x[:train], y[:train], max_bin=parameters["max_bin"], nthread=1), rounds)
fit_ms = 1_000 * (time.perf_counter() - started)
batch = np.ascontiguousarray(x[train : train + 1_000])
model.inplace_predict(batch)
started = time.perf_counter()
for _ in range(5):
    scores = model.inplace_predict(batch)
batch_us = 1_000_000 * (time.perf_counter() - started) / 5 / len(batch)
print(json.dumps({"version": xgb.__version__, "fitMs": fit_ms, "predictUs": batch_us, "scores": model.inplace_predict(x[train:]).tolist()}))

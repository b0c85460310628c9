"""TA-Lib's time for the textbook features of the standard set, for bench/features.ts: reads candles from a file, prints one line of JSON.

Usage: talib_subset.py <file of float64: opens, highs, lows, closes, volumes, BTC closes, one after the other> <candles>
"""
import json
import sys
import time

import numpy as np
import talib

count = int(sys.argv[2])
o, h, l, c, v, b = np.fromfile(sys.argv[1], dtype=np.float64).reshape(6, count)


def subset():
    returns, btc = np.diff(np.log(c)), np.diff(np.log(b))
    atr = talib.ATR(h, l, c, 14)
    upper, middle, lower = talib.BBANDS(c, 20, 2, 2)
    line, _, histogram = talib.MACD(c, 12, 26, 9)
    obv, ad, volume = talib.OBV(c, v), talib.AD(h, l, c, v), talib.SUM(v, 20)
    high, low = talib.MAX(h, 20), talib.MIN(l, 20)
    return [
        np.log(talib.ROCR(c, 24)), atr / c, talib.STDDEV(returns, 24, 1), (c - talib.EMA(c, 20)) / atr, (c - talib.EMA(c, 50)) / atr, talib.ADX(h, l, c, 14),
        talib.PLUS_DI(h, l, c, 14) - talib.MINUS_DI(h, l, c, 14), line / atr, histogram / atr, talib.LINEARREG_SLOPE(np.log(c), 24), talib.RSI(c, 7), talib.RSI(c, 14),
        *talib.STOCHF(h, l, c, fastk_period=14, fastd_period=3), talib.MFI(h, l, c, v, 14), talib.CCI(h, l, c, 20), 2 * (c - lower) / (upper - lower) - 1, (upper - lower) / middle,
        (obv[20:] - obv[:-20]) / volume[20:], (ad[20:] - ad[:-20]) / volume[20:], 2 * (c[1:] - low[:-1]) / (high[:-1] - low[:-1]) - 1, talib.CORREL(returns, btc, 72),
    ]


subset()
times = []
for _ in range(5):
    started = time.perf_counter()
    columns = subset()
    times.append(1_000 * (time.perf_counter() - started))
print(json.dumps({"version": talib.__version__, "columns": len(columns), "ms": sorted(times)[2]}))

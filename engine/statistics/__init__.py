"""Statistics of returns, trials and tests: arrays in, frozen records out, no file and no archive.

One module per noun. Returns and Sharpe ratios are per bar unless a name or docstring says annual.
scipy, statsmodels and arch are imported where they are called, for the sake of `--help`.

| module | answers |
|---|---|
| `sharpe` | PSR, DSR, minimum track record, expected maximum, smallest Sharpe a window detects |
| `haircut` | Harvey-Liu haircut, profit hurdle, Holm, Benjamini-Hochberg and -Yekutieli |
| `bootstrap` | stationary bootstrap, block length, intervals |
| `max_t` | adjusted p-values of several finalists on one window |
| `ladder` | validation that answers in steps |
| `spending` | the level of the k-th opening; LORD++ and SAFFRON |
| `trials` | how many trials a search was: raw, distinct, calibrated on null runs |
| `e_process` | champion against challenger on bars as they come |
| `overfitting`, `splits` | PBO by CSCV; combinatorial purged splits and their paths |
| `proportion` | Clopper-Pearson intervals |
| `factors`, `trades`, `luck` | tests of a factor, of trades, of timing |
"""

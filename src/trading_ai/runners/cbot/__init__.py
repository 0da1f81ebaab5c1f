"""cTrader robots (cBots) written in Python, run unchanged on our bars, costs and account."""

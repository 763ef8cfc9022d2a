"""The OAuth endpoints of the emulated org and the flows behind them."""

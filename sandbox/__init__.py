"""Where a genome is run and measured: markets, the jail, kernels, books, workers."""

"""Plots of recorded traffic: as PNG and SVG, and on one page. Needs the extras `tune` and `plots`."""

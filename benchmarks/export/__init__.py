"""The journal in the forms that other programs read: tables, histograms, traces."""

"""The same bits on every processor: networks and elementary functions, computed for six processors and compared."""

"""Language models behind one protocol: on this machine, behind an address, or scripted."""

"""What every room uses: checks of parameters, double-double constants, the machine's resources."""

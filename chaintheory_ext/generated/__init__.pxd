# The generated declarations form a package; do not edit.

"""The parts that `foretell.init()` puts together and `foretell.shutdown()` takes down."""

"""What a use of an Await does beyond handing it on to the value."""

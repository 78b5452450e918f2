"""The ground: what an Await holds, and what can be said of it without running anything."""

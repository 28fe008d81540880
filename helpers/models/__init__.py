"""The networks: Shared-Bottom and its relatives, one model or many copies."""

"""What end-to-end tests share: a runner, servers, a client made from the protos."""

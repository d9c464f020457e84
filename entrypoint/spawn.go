package main

import (
	"context"
	"fmt"
	"strconv"

	"coffer/appliance/confine"
)

// exitSpawn says that a service could not be confined, and so never ran.
const exitSpawn = 120

// playSpawn is the stub between init and each service. It does not return
// unless a step failed.
func playSpawn(_ context.Context, c call) int {
	if len(c.args) != 1 {
		return c.fail("spawn", fmt.Errorf("%w: services are started by coffer init", errUsage))
	}
	fd, err := strconv.Atoi(c.args[0])
	if err != nil || fd < 3 {
		return c.fail("spawn", fmt.Errorf("%w: services are started by coffer init", errUsage))
	}
	c.fail("spawn", confine.Enter(fd))
	return exitSpawn
}

package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
)

// playInstall lays the protected files out below a folder, as the image build
// and make run need them.
func playInstall(_ context.Context, c call) int {
	root, err := rootOf(c, "install")
	if err == nil {
		err = os.MkdirAll(root, 0o755)
	}
	if err != nil {
		return c.fail("install", err)
	}
	protected, err := protectedFiles()
	if err != nil {
		return c.fail("install", err)
	}
	report, err := protected.Install(root, slog.New(slog.NewTextHandler(c.err, nil)))
	if err == nil && report.Standing() > 0 {
		err = fmt.Errorf("%d of %d protected files are not as they should be", report.Standing(), report.Files)
	}
	if err != nil {
		return c.fail("install", err)
	}
	return exitOK
}

package confine

import (
	"fmt"
	"net"
	"testing"
)

// Who may connect out may still not listen, nor open what it was not given.
func TestConnectTCP(t *testing.T) {
	needLandlock(t, 4)
	_, program := stage(t)
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	connect := fmt.Sprintf("connect-port=%d", listener.Addr().(*net.TCPAddr).Port)
	for _, r := range []struct {
		may  bool
		want map[string]string
	}{
		{true, map[string]string{connect: "ok", "bind-port=0": "EPERM", "read=/etc/hostname": "EACCES"}},
		{false, map[string]string{connect: "EACCES", "bind-port=0": "EPERM", "read=/etc/hostname": "EACCES"}},
	} {
		got := run(t, program, role(program, ProfileEgress, Files{ConnectTCP: r.may}), "", nil, connect, "bind-port=0", "read=/etc/hostname").results
		for probe, want := range r.want {
			if got[probe] != want {
				t.Errorf("%s with ConnectTCP %v: %s, want %s", probe, r.may, got[probe], want)
			}
		}
	}
	// The edge may use TCP sockets, and Landlock alone keeps it from binding.
	got := run(t, program, role(program, ProfileNginx, Files{ConnectTCP: true}), "", nil, connect, "bind-port=0").results
	if got[connect] != "ok" || got["bind-port=0"] != "EACCES" {
		t.Errorf("as nginx: %v", got)
	}
}

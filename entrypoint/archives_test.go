package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"coffer/services/extract/extracttest"
)

// processes are those of the box that run as a role, by their ids.
func (b *boxed) processes(role ...string) []int {
	var out []int
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range all {
		text, err := os.ReadFile(path)
		args := strings.Split(strings.TrimRight(string(text), "\x00"), "\x00")
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil && len(args) > len(role) && slices.Equal(args[1:1+len(role)], role) && b.ours(pid) {
			out = append(out, pid)
		}
	}
	return out
}

// ours tells a descendant of the box's init.
func (b *boxed) ours(pid int) bool {
	for pid > 1 && pid != b.cmd.Process.Pid {
		pid, _ = strconv.Atoi(field(pid, "PPid"))
	}
	return pid == b.cmd.Process.Pid
}

func field(pid int, name string) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

type archiveAnswer struct {
	ID      string `json:"id"`
	Status  string `json:"status"`
	Type    string `json:"type"`
	Archive *struct{ Members, Added, Known, Left int }
	Reason  *struct{ Code, Message string }
}

func (v visitor) addArchive(name string, content []byte) archiveAnswer {
	v.t.Helper()
	status, answer := v.sendFile("/sources", name, string(content), "")
	var a archiveAnswer
	if err := json.Unmarshal([]byte(answer), &a); err != nil || status != http.StatusAccepted {
		v.t.Fatalf("%s: %d %s", name, status, answer)
	}
	return a
}

func (v visitor) archive(id string) archiveAnswer {
	v.t.Helper()
	var a archiveAnswer
	if status, answer := v.send("GET", "/sources/"+id, nil); status == http.StatusOK {
		if err := json.Unmarshal([]byte(answer), &a); err != nil {
			v.t.Fatal(err)
		}
	}
	return a
}

func number(n int) extracttest.Member {
	return extracttest.Member{Name: fmt.Sprintf("in/%d.txt", n), Text: fmt.Sprintf("number%dx and more of document %d\n", n, n)}
}

// Every format is taken apart in a child as it ships: in a sandbox of its own,
// which the reading of no format breaks.
func TestArchivesInTheBox(t *testing.T) {
	b := startBox(t, newRoot(t))
	b.up()
	v := b.visitor("127.0.0.1")
	v.setUp()
	made := []extracttest.Member{number(1), {Name: "photo.png", Text: "\x89PNG\r\n\x1a\n\x00\x00"}}
	for n, c := range []struct {
		name    string
		content []byte
	}{
		{"a.zip", extracttest.Zip(t, append(made, number(10))...)}, {"a.tar", extracttest.Tar(t, append(made, number(11))...)},
		{"a.tgz", extracttest.Gzip(t, extracttest.Tar(t, append(made, number(12))...))}, {"a.tar.zst", extracttest.Zstd(t, extracttest.Tar(t, append(made, number(13))...))},
		{"a.rar", extracttest.RAR(append(made, number(14))...)}, {"a.7z", extracttest.Fixture(t, "plain.7z")},
		{"a.tar.xz", extracttest.Fixture(t, "plain.tar.xz")}, {"a.tar.bz2", extracttest.Fixture(t, "plain.tar.bz2")},
	} {
		a := v.addArchive(c.name, c.content)
		b.eventually(c.name+" is taken apart", func() bool { a = v.archive(a.ID); return a.Status == "ready" || a.Status == "failed" })
		if a.Type != "archive" || a.Archive == nil || a.Archive.Members < 2 || n < 5 && (a.Archive.Left != 1 || a.Archive.Members != 3) {
			t.Errorf("%s: %+v %+v %+v", c.name, a, a.Archive, a.Reason)
		}
	}
	b.eventually("what came in is found", func() bool { return v.finds("number14x") > 0 && v.finds("number10x") > 0 })
	if _, answer := v.send("GET", "/search?q=number12x", nil); !strings.Contains(answer, `"name":"a.tgz"`) || !strings.Contains(answer, `"path":"in/12.txt"`) {
		t.Errorf("a hit does not name its archive: %s", answer)
	}
	for name, c := range map[string]struct {
		content []byte
		code    string
	}{
		"bomb.tgz": {extracttest.Gzip(t, make([]byte, 200<<20)), "bomb"}, "sealed.7z": {extracttest.Fixture(t, "sealed.7z"), "encrypted"},
		"a.ccx": {extracttest.Zip(t, extracttest.Member{Name: "mimetype", Text: "application/vnd.ccx+zip"}), "package"},
	} {
		a := v.addArchive(name, c.content)
		b.eventually(name+" is refused", func() bool { a = v.archive(a.ID); return a.Status == "failed" })
		if a.Reason.Code != c.code {
			t.Errorf("%s: %+v", name, a.Reason)
		}
	}
}

// Whatever is killed while an archive is taken apart, every one of its documents
// comes in, and once. What takes it apart is confined as those who read.
func TestArchiveOutlivesKills(t *testing.T) {
	const documents = 200
	b := startBox(t, newRoot(t))
	b.up()
	v := b.visitor("127.0.0.1")
	v.setUp()
	var members []extracttest.Member
	for n := range documents {
		// Larger than what pipes and sockets hold, or the child is done at once.
		m := number(n)
		m.Text += strings.Repeat("and so on, ", 4000)
		members = append(members, m)
	}
	a := v.addArchive("many.tgz", extracttest.Gzip(t, extracttest.Tar(t, members...)))
	confined, killed := false, 0
	b.eventually("the archive is taken apart", func() bool {
		for _, pid := range b.processes("parser-child", "unpack") {
			parsers := b.processes("parser")
			if len(parsers) == 0 || field(pid, "Seccomp_filters") <= field(parsers[0], "Seccomp_filters") {
				continue // it has not confined itself yet
			}
			if field(pid, "Seccomp") != "2" || field(pid, "NoNewPrivs") != "1" || strings.Trim(field(pid, "CapEff"), "0") != "" {
				t.Errorf("a child that takes archives apart: seccomp %s, no new privileges %s, capabilities %s", field(pid, "Seccomp"), field(pid, "NoNewPrivs"), field(pid, "CapEff"))
			}
			confined = true
		}
		got := v.archive(a.ID)
		if roles := [][]string{{"api"}, {"worker"}, {"parser-child", "unpack"}, {"parser"}}; killed < 12 && got.Archive != nil && got.Archive.Members >= killed*documents/14 {
			for _, pid := range b.processes(roles[killed%len(roles)]...) {
				_ = syscall.Kill(pid, syscall.SIGKILL)
				killed++
				break
			}
			time.Sleep(rand.N(50 * time.Millisecond))
		}
		return got.Status == "ready" || got.Status == "failed"
	})
	got := v.archive(a.ID)
	if got.Archive == nil || got.Archive.Members != documents || got.Archive.Added != documents {
		t.Fatalf("%+v %+v %+v, after %d kills", got, got.Archive, got.Reason, killed)
	}
	if !confined || killed < 6 {
		t.Errorf("%d kills, a confined child was seen: %v", killed, confined)
	}
	b.eventually("every document is ready, once", func() bool {
		_, answer := v.send("GET", "/sources?status=ready&limit=1", nil)
		return strings.Contains(answer, fmt.Sprintf(`"total":%d`, documents+1))
	})
	if _, answer := v.send("GET", "/sources?limit=1", nil); !strings.Contains(answer, fmt.Sprintf(`"total":%d`, documents+1)) {
		t.Errorf("there are others: %s", answer)
	}
}

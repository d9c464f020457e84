package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"filippo.io/age"

	"coffer/services/backup"
)

// TestBackup makes a backup of a real box through nginx and opens it with
// nothing but the owner's key.
func TestBackup(t *testing.T) {
	b := startSecure(t, newRoot(t), newVisitor(t), "COFFER_TLS=self-signed")
	b.up()
	v := b.boxed.visitor("127.0.0.1")
	v.setUp()
	if status, answer := v.send("POST", "/sources/text", map[string]string{"title": "A note", "text": "A zebra in the field."}); status != http.StatusAccepted {
		t.Fatal(status, answer)
	}
	if status, answer := v.send("POST", "/backups", map[string]string{}); status != http.StatusUnprocessableEntity || !strings.Contains(answer, "recovery key") {
		t.Errorf("without a key: %d %s", status, answer)
	}
	var key struct{ Recipient, Identity string }
	status, answer := v.send("POST", "/backups/key", nil)
	if err := json.Unmarshal([]byte(answer), &key); err != nil || status != http.StatusCreated {
		t.Fatal(status, answer, err)
	}
	if status, answer := v.send("PUT", "/backups/key", map[string]string{"identity": key.Identity}); status != http.StatusNoContent {
		t.Fatal(status, answer)
	}
	status, answer = v.send("POST", "/backups", map[string]string{})
	var made struct{ ID, Status string }
	if err := json.Unmarshal([]byte(answer), &made); err != nil || status != http.StatusAccepted || made.Status != "running" {
		t.Fatal(status, answer, err)
	}
	b.eventually("the backup is proven", func() bool {
		_, answer = v.send("GET", "/backups/"+made.ID, nil)
		if strings.Contains(answer, `"failed"`) {
			t.Fatal(answer)
		}
		return strings.Contains(answer, `"status":"proven"`)
	})
	status, file := v.send("GET", "/backups/"+made.ID+"/download", nil)
	if status != http.StatusOK {
		t.Fatal(status, file)
	}
	if strings.Contains(file, "zebra") {
		t.Error("the backup is in the clear")
	}
	identity, err := age.ParseX25519Identity(key.Identity)
	if err != nil {
		t.Fatal(err)
	}
	files := untar(t, file, identity)
	sealed, err := backup.Unseal(t.Context(), files["sealed.age"], key.Identity)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"secrets/session-key", "secrets/tls/authority.pem", "secrets/tls/self-signed.pem"} {
		want, err := os.ReadFile(filepath.Join(b.root, "data", name))
		if err != nil || !bytes.Equal(sealed[name], want) {
			t.Errorf("%s: %d bytes, of %d, %v", name, len(sealed[name]), len(want), err)
		}
	}
	if _, there := sealed["secrets/setup-code"]; there || len(files["manifest.json"]) == 0 {
		t.Errorf("%d files in the seal, manifest %q", len(sealed), files["manifest.json"])
	}
	originals := 0
	for name, content := range files {
		if strings.HasPrefix(name, "originals/") && bytes.Contains(content, []byte("zebra")) {
			originals++
		}
	}
	if originals != 1 {
		t.Errorf("%d originals are the note", originals)
	}
	// The folder is the API's; the proof left nothing behind.
	entries, err := os.ReadDir(filepath.Join(b.root, "data/backups"))
	if err != nil || len(entries) != 2 {
		t.Errorf("%v, %v", entries, err)
	}
}

func untar(t *testing.T, file string, key age.Identity) map[string][]byte {
	t.Helper()
	plain, err := age.Decrypt(strings.NewReader(file), key)
	if err != nil {
		t.Fatal(err)
	}
	out, r := map[string][]byte{}, tar.NewReader(plain)
	for {
		h, err := r.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if out[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

// sendBackup posts a backup as a program does.
func (v visitor) sendBackup(file, key, code string) (int, string) {
	v.t.Helper()
	return v.sendFile("/restore", "coffer.age", file, code, "identity", key)
}

// sendFile posts a form with the fields before the file.
func (v visitor) sendFile(path, name, file, code string, fields ...string) (int, string) {
	v.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i < len(fields); i += 2 {
		if err := form.WriteField(fields[i], fields[i+1]); err != nil {
			v.t.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		v.t.Fatal(err)
	}
	if _, err := io.WriteString(part, file); err != nil {
		v.t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		v.t.Fatal(err)
	}
	req, err := http.NewRequest("POST", v.url+"/api/v1"+path, &body)
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	if code != "" {
		req.Header.Set("X-Setup-Code", code)
	}
	res, err := v.client.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return res.StatusCode, string(answer)
}

// backedUp is a box with an owner and a note, and a backup of it.
func backedUp(t *testing.T) (b *boxed, v visitor, file, key string) {
	t.Helper()
	b = startBox(t, newRoot(t))
	b.up()
	v = b.visitor("127.0.0.1")
	v.setUp()
	v.note("A zebra in the field.")
	var made struct{ ID, Identity string }
	ask := func(method, path string, body any, want int) {
		t.Helper()
		status, answer := v.send(method, path, body)
		if status != want {
			t.Fatalf("%s %s: %d %s", method, path, status, answer)
		}
		if answer != "" {
			if err := json.Unmarshal([]byte(answer), &made); err != nil {
				t.Fatal(err)
			}
		}
	}
	ask("POST", "/backups/key", nil, http.StatusCreated)
	ask("PUT", "/backups/key", map[string]string{"identity": made.Identity}, http.StatusNoContent)
	ask("POST", "/backups", map[string]string{}, http.StatusAccepted)
	b.eventually("the backup is proven", func() bool {
		_, answer := v.send("GET", "/backups/"+made.ID, nil)
		return strings.Contains(answer, `"status":"proven"`)
	})
	status, file := v.send("GET", "/backups/"+made.ID+"/download", nil)
	if status != http.StatusOK {
		t.Fatal(status, file)
	}
	return b, v, file, made.Identity
}

func (v visitor) note(text string) {
	v.t.Helper()
	if status, answer := v.send("POST", "/sources/text", map[string]string{"title": "A note", "text": text}); status != http.StatusAccepted {
		v.t.Fatal(status, answer)
	}
}

// finds counts the passages with a word.
func (v visitor) finds(word string) int {
	v.t.Helper()
	_, answer := v.send("GET", "/search?q="+word, nil)
	var found struct{ Total int }
	if err := json.Unmarshal([]byte(answer), &found); err != nil {
		return -1
	}
	return found.Total
}

// back waits until the box has started again and signs in.
func (v visitor) back() {
	v.t.Helper()
	v.restarted()
	if status := v.signIn(ownerPassword); status != http.StatusOK {
		v.t.Fatalf("signing in after the restore: %d", status)
	}
}

// restarted waits until the box has started again after a restore.
func (v visitor) restarted() {
	v.t.Helper()
	v.restores++
	v.eventually("the box starts again", func() bool {
		return strings.Count(v.log.String(), "what was there before lies in") == v.restores && v.answers()
	})
}

// TestRestoreIntoAnEmptyBox puts a backup into a box that nobody has set up: its
// owner, library and secrets are those of the other box, and no session is.
func TestRestoreIntoAnEmptyBox(t *testing.T) {
	from, owner, file, key := backedUp(t)
	to := startBox(t, newRoot(t))
	to.up()
	v := to.visitor("127.0.0.1")
	code, err := os.ReadFile(filepath.Join(to.root, "data/secrets/setup-code"))
	if err != nil {
		t.Fatal(err)
	}
	if status, answer := v.sendBackup(file, key, "AAAA-AAAA"); status != http.StatusForbidden {
		t.Errorf("a wrong code: %d %s", status, answer)
	}
	right := strings.TrimSpace(string(code))
	if status, answer := v.sendBackup(file[:len(file)/2], key, right); status != http.StatusUnprocessableEntity || !strings.Contains(answer, "damaged") {
		t.Errorf("half of it: %d %s", status, answer)
	}
	pid := to.cmd.Process.Pid
	if status, answer := v.sendBackup(file, key, right); status != http.StatusAccepted || !strings.Contains(answer, `"sources":1`) {
		t.Fatal(status, answer)
	}
	v.back()
	to.eventually("the note is found", func() bool { return v.finds("zebra") == 1 })
	for _, name := range []string{"session-key"} {
		was, err := os.ReadFile(filepath.Join(from.root, "data/secrets", name))
		is, failed := os.ReadFile(filepath.Join(to.root, "data/secrets", name))
		if err != nil || failed != nil || !bytes.Equal(was, is) {
			t.Errorf("%s is another, %v, %v", name, err, failed)
		}
	}
	// A cookie of the other box is signed with the same key, and opens nothing.
	from.url, owner.url = to.url, to.url
	if status := owner.signedIn(); status != http.StatusUnauthorized {
		t.Errorf("a session of the other box is answered %d", status)
	}
	if to.cmd.Process.Pid != pid {
		t.Error("init is another process")
	}
	if status, answer := to.visitor("127.0.0.2").sendBackup(file, key, right); status != http.StatusUnauthorized {
		t.Errorf("the code still opens the door: %d %s", status, answer)
	}
	if code := to.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("code %d", code)
	}
}

// TestRestoreOverAFilledBox brings a deleted note back and takes a later one
// away; what was there before lies aside.
func TestRestoreOverAFilledBox(t *testing.T) {
	b, v, file, key := backedUp(t)
	v.note("A quagga in the field.")
	b.eventually("the note is found", func() bool { return v.finds("quagga") == 1 })
	if status, answer := b.visitor("127.0.0.2").sendBackup(file, key, ""); status != http.StatusUnauthorized {
		t.Errorf("a stranger: %d %s", status, answer)
	}
	if status, answer := v.sendBackup(file, key, ""); status != http.StatusAccepted {
		t.Fatal(status, answer)
	}
	v.back()
	b.eventually("the first note is found", func() bool { return v.finds("zebra") == 1 })
	if n := v.finds("quagga"); n != 0 {
		t.Errorf("a later note is found %d times", n)
	}
	for _, name := range []string{"before/store/coffer.db", "before/secrets/session-key", "backups"} {
		if _, err := os.Stat(filepath.Join(b.root, "data", name)); err != nil {
			t.Error(err)
		}
	}
	left, err := os.ReadDir(filepath.Join(b.root, "data/restore/staged"))
	if err != nil || len(left) != 0 {
		t.Errorf("staged: %v, %v", left, err)
	}
	b.undone(v)
}

// command runs the program with standard input, as the owner does.
func (b *boxed) command(input string, args ...string) (string, error) {
	b.t.Helper()
	cmd := exec.Command(b.program, append(args, "--root", b.root)...)
	if args[0] == "restore" { // the file stands last
		cmd = exec.Command(b.program, "restore", "--root", b.root, args[1])
	}
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestBackupCommands makes, lists, proves and restores a backup by commands
// alone.
func TestBackupCommands(t *testing.T) {
	const passphrase = "correct horse battery staple"
	b := startBox(t, newRoot(t))
	b.up()
	v := b.visitor("127.0.0.1")
	v.setUp()
	v.note("A zebra in the field.")
	if out, err := b.command("", "backup", "create"); err == nil || !strings.Contains(out, "recovery key") {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := b.command("short\n", "backup", "create", "--passphrase"); err == nil || !strings.Contains(out, "12") {
		t.Errorf("%v: %s", err, out)
	}
	out, err := b.command(passphrase+"\n", "backup", "create", "--passphrase")
	if err != nil || !strings.Contains(out, "is proven") || strings.Contains(out, passphrase) {
		t.Fatal(err, out)
	}
	made := regexp.MustCompile(`/data/backups/(\S+)\.age is proven: \d+ bytes, 1 sources`).FindStringSubmatch(out)
	if made == nil {
		t.Fatal(out)
	}
	if out, err := b.command("", "backup", "list"); err != nil || !strings.Contains(out, made[1]) || !strings.Contains(out, "passphrase") {
		t.Error(err, out)
	}
	if out, err := b.command("wrong horse battery staple\n", "backup", "verify", made[1], "--passphrase"); err == nil || !strings.Contains(out, "does not open") {
		t.Error(err, out)
	}
	if out, err := b.command(passphrase+"\n", "backup", "verify", made[1], "--passphrase"); err != nil || !strings.Contains(out, "is proven") {
		t.Error(err, out)
	}
	if _, answer := v.send("GET", "/audit", nil); !strings.Contains(answer, `"backup_made"`) || !strings.Contains(answer, `"console"`) {
		t.Errorf("the audit log says %s", answer)
	}
	v.note("A quagga in the field.")
	file := filepath.Join(b.root, "data/backups", made[1]+".age")
	if out, err := b.command("wrong horse battery staple\n", "restore", file); err == nil || !strings.Contains(out, "does not open") {
		t.Error(err, out)
	}
	if out, err := b.command(passphrase+"\n", "restore", filepath.Join(b.root, "data/backups/none.age")); err == nil {
		t.Error(out)
	}
	if out, err := b.command(passphrase+"\n", "restore", file); err != nil || !strings.Contains(out, "1 sources and 1 originals are restored") {
		t.Fatal(err, out)
	}
	v.back()
	b.eventually("the first note is found", func() bool { return v.finds("zebra") == 1 })
	if n := v.finds("quagga"); n != 0 {
		t.Errorf("a later note is found %d times", n)
	}
	if code := b.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("code %d", code)
	}
	if out, err := b.command(passphrase+"\n", "restore", file); err == nil || !strings.Contains(out, "start the box first") {
		t.Errorf("a stopped box: %v %s", err, out)
	}
}

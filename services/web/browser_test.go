package web

import (
	"context"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

type step = chromedp.Action[chromedp.Void]

// patience is how long a page may take on a machine that is busy with others.
const patience = time.Minute

// tab is a page in a real browser. What the browser complains about is
// collected.
type tab struct {
	context.Context
	b *box

	mu         sync.Mutex
	complaints []string
}

// browser starts Chromium; without one the tier is left out, and said so.
func browser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium: the pages are not looked at in a browser")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("host-resolver-rules", "MAP coffer.lan 127.0.0.1"), chromedp.UserDataDir(t.TempDir()))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(ctx)
	t.Cleanup(end)
	must(t, chromedp.Do(ctx))
	return ctx
}

// tab opens a tab in a profile of its own.
func (b *box) tab(browser context.Context) *tab {
	b.t.Helper()
	ctx, end := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	b.t.Cleanup(end)
	v := &tab{Context: ctx, b: b}
	must(b.t, chromedp.Do(ctx)) // without a time limit: the tab lives as long as this context
	v.listen()
	return v
}

// beside opens another tab of the same profile.
func (v *tab) beside() *tab {
	v.b.t.Helper()
	ctx, end := chromedp.NewContext(v.Context)
	v.b.t.Cleanup(end)
	w := &tab{Context: ctx, b: v.b}
	must(v.b.t, chromedp.Do(ctx))
	w.listen()
	return w
}

func (v *tab) listen() {
	messages := chromedp.Console(v)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			// That a request is refused is no fault of the page.
			if m.Source == "network" && strings.Contains(m.Text, "with a status of") {
				continue
			}
			v.mu.Lock()
			v.complaints = append(v.complaints, m.String()+" "+m.URL)
			v.mu.Unlock()
		}
	}()
}

func (v *tab) do(steps ...step) {
	v.b.t.Helper()
	ctx, stop := context.WithTimeout(v, patience)
	defer stop()
	if err := chromedp.Do(ctx, steps...); err != nil {
		late, end := context.WithTimeout(v, time.Second)
		defer end()
		at, _ := chromedp.Run(late, chromedp.Location())
		v.mu.Lock()
		defer v.mu.Unlock()
		v.b.t.Fatalf("at %s: %v; the browser said %q; log:\n%s", at, err, v.complaints, v.b.log)
	}
}

func (v *tab) open(path string) { v.b.t.Helper(); v.do(chromedp.Navigate(v.b.url + path)) }

// quiet checks that the browser had nothing to complain about.
func (v *tab) quiet() {
	v.b.t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, c := range v.complaints {
		v.b.t.Error("the browser said: " + c)
	}
}

// text is what an element shows.
func (v *tab) text(css string) string {
	v.b.t.Helper()
	ctx, stop := context.WithTimeout(v, patience)
	defer stop()
	s, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS(css)))
	if err != nil {
		v.b.t.Fatalf("%s: %v", css, err)
	}
	return s
}

// script runs a script and returns what it evaluates to.
func script[T any](v *tab, code string) T {
	v.b.t.Helper()
	out, err := chromedp.Run(v, chromedp.Evaluate[T](code))
	if err != nil {
		v.b.t.Fatalf("%s: %v", code, err)
	}
	return out
}

// eventually waits until a script evaluates to true.
func (v *tab) eventually(what, code string) {
	v.b.t.Helper()
	ctx, stop := context.WithTimeout(v, patience)
	defer stop()
	for ctx.Err() == nil {
		// What is asked of a page that is being left may never be answered.
		ask, enough := context.WithTimeout(ctx, patience/10)
		ok, err := chromedp.Run(ask, chromedp.Evaluate[bool](code))
		enough()
		if err == nil && ok {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	late, end := context.WithTimeout(v, patience/10)
	defer end()
	shown, _ := chromedp.Run(late, chromedp.Evaluate[string](`location + "\n" + document.body.innerText`))
	v.mu.Lock()
	defer v.mu.Unlock()
	v.b.t.Fatalf("%s never happened: %s; the browser said %q and shows %s", what, code, v.complaints, shown)
}

func run(code string) step {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Evaluate[any]("void (() => {"+code+"})()")(ctx, t)
		if err != nil && strings.Contains(err.Error(), "undefined") {
			err = nil
		}
		return chromedp.Void{}, err
	}
}

func typed(css, text string) step { return chromedp.SendKeys(chromedp.CSS(css), text) }
func click(css string) step       { return chromedp.Click(chromedp.CSS(css)) }
func submit(css string) step      { return chromedp.Submit(chromedp.CSS(css)) }
func pause(d time.Duration) step  { return chromedp.Sleep(d) }

// seen waits until an element can be seen on a page that is loaded, with its
// scripts.
func seen(css string) step {
	return chromedp.Steps(chromedp.WaitVisible(chromedp.CSS(css)),
		func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
			for ctx.Err() == nil {
				if done, err := chromedp.Evaluate[bool](`document.readyState === "complete"`)(ctx, t); err == nil && done {
					return chromedp.Void{}, nil
				}
				time.Sleep(20 * time.Millisecond)
			}
			return chromedp.Void{}, ctx.Err()
		})
}

func size(width, height int64) step {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: width, Height: height, DeviceScaleFactor: 1, Mobile: width < 500,
		})
		return chromedp.Void{}, err
	}
}

func scheme(name string) step {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
		})
		return chromedp.Void{}, err
	}
}

func scriptless() step {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return chromedp.Void{}, err
	}
}

// signIn signs the browser in.
func (v *tab) signIn() {
	v.b.t.Helper()
	v.open("/login")
	v.do(typed("#username", owner), typed("#password", password), submit("#password"), seen(".finder"))
}

package librarytest

import (
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"coffer/services/library"
)

// Keys runs the suite of library.Keys; open returns an empty one.
func Keys(t *testing.T, open func(testing.TB) library.Keys) {
	t.Run("keys", func(t *testing.T) { keys(t, open(t)) })
	t.Run("use", func(t *testing.T) { use(t, open(t)) })
	t.Run("use and end", func(t *testing.T) { useAndEnd(t, open(t)) })
}

func key(id string) library.Key {
	return library.Key{
		ID: id, Owner: "u1", Epoch: "e1", Name: "Sicherung über Nacht", Hash: []byte{0, 1, 0xff}, Scopes: []string{"read", "add"},
		CreatedAt: At(1), Expires: At(9),
	}
}

func keys(t *testing.T, st library.Keys) {
	ctx := t.Context()
	if all, err := st.Keys(ctx); err != nil || len(all) != 0 {
		t.Errorf("%v, %v", all, err)
	}
	want := map[string]library.Key{"a": key("a"), "b": key("b"), "c": key("c")}
	forever := key("b")
	forever.Expires = time.Time{}
	want["b"] = forever
	service := key("c")
	service.Service = true
	want["c"] = service
	for _, k := range want {
		Must(t, st.PutKey(ctx, k))
	}
	for id, k := range want {
		if got, err := st.Key(ctx, id); err != nil || !reflect.DeepEqual(got, k) {
			t.Errorf("%+v, %v\nwant %+v", got, err, k)
		}
	}
	renamed := key("a")
	renamed.Name = "Another"
	Must(t, st.PutKey(ctx, renamed))
	if got, err := st.Key(ctx, "a"); err != nil || got.Name != "Another" {
		t.Errorf("%+v, %v", got, err)
	}
	Must(t, st.DeleteKey(ctx, "a"))
	Must(t, st.DeleteKey(ctx, "a"))
	for _, id := range []string{"a", "", "no such"} {
		_, err := st.Key(ctx, id)
		WantKind(t, err, library.NotFound)
	}
	if all, err := st.Keys(ctx); err != nil || len(all) != 2 {
		t.Errorf("%v, %v", all, err)
	}
}

func use(t *testing.T, st library.Keys) {
	ctx := t.Context()
	for _, id := range []string{"a", "b", "c"} {
		Must(t, st.PutKey(ctx, key(id)))
	}
	Must(t, st.KeysUsed(ctx, map[string]time.Time{"a": At(5), "b": At(6), "gone": At(7), "": At(7)}))
	Must(t, st.KeysUsed(ctx, map[string]time.Time{"a": At(4), "b": At(8)}))
	Must(t, st.KeysUsed(ctx, nil))
	for id, at := range map[string]time.Time{"a": At(5), "b": At(8), "c": {}} {
		want := key(id)
		want.LastUsed = at
		if got, err := st.Key(ctx, id); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v\nwant %+v", got, err, want)
		}
	}
	if all, err := st.Keys(ctx); err != nil || len(all) != 3 {
		t.Errorf("use made a key: %v, %v", all, err)
	}
}

// useAndEnd: a key that is ended while its use is noted stays ended.
func useAndEnd(t *testing.T, st library.Keys) {
	ctx := t.Context()
	var wg sync.WaitGroup
	for n := range 20 {
		id := fmt.Sprint(n)
		Must(t, st.PutKey(ctx, key(id)))
		wg.Go(func() { Must(t, st.KeysUsed(ctx, map[string]time.Time{id: At(5)})) })
		wg.Go(func() { Must(t, st.DeleteKey(ctx, id)) })
	}
	wg.Wait()
	if all, err := st.Keys(ctx); err != nil || len(all) != 0 {
		t.Errorf("%v, %v", all, err)
	}
}

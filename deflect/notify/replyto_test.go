package notify_test

import (
	"strings"
	"testing"

	"github.com/vmcloud/ricochet/deflect/notify"
)

func TestReplyAddressNamesItsTicketAndNothingElse(t *testing.T) {
	r, err := notify.NewReplyAddress("VMCloud <support@example.com>", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	good := r.For("VM-7K3F-92")
	if !strings.HasPrefix(good, "support+VM-7K3F-92-") || !strings.HasSuffix(good, "@example.com") {
		t.Fatalf("address %q", good)
	}
	other, err := notify.NewReplyAddress("support@example.com", []byte("another"))
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		good: "VM-7K3F-92", strings.ToLower(good): "VM-7K3F-92", strings.ToUpper(good): "VM-7K3F-92",
		strings.Replace(good, "7K3F", "7K3G", 1):      "",
		strings.Replace(good, "@example", "@evil", 1): "",
		other.For("VM-7K3F-92"):                       "", "support@example.com": "", "": "", "support+@example.com": "", "+-@example.com": "",
	} {
		got, ok := r.Number(address)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q, %v; want %q", address, got, ok, want)
		}
	}
	for _, box := range []string{"", "nobody", "a+b@example.com"} {
		if _, err := notify.NewReplyAddress(box, nil); err == nil {
			t.Errorf("%q was accepted", box)
		}
	}
}

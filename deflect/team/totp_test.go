package team

import (
	"testing"
	"time"
)

// The vectors of RFC 6238 appendix B for HMAC-SHA-1, eight digits.
func TestTOTPVectors(t *testing.T) {
	key := []byte("12345678901234567890")
	for at, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := hotp(key, uint64(at/totpPeriod), 8); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
}

// The vectors of RFC 4226 appendix D, six digits.
func TestHOTPVectors(t *testing.T) {
	key := []byte("12345678901234567890")
	for counter, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		if got := hotp(key, uint64(counter), 6); got != want {
			t.Errorf("counter %d: %s, want %s", counter, got, want)
		}
	}
}

func TestCheckTOTP(t *testing.T) {
	secret := totpEncoding.EncodeToString([]byte("12345678901234567890"))
	now := time.Unix(59, 0) // code 287082, step 1
	for _, tt := range []struct {
		name, code string
		at         time.Time
		step       int64
		ok         bool
	}{
		{"now", "287082", now, 1, true},
		{"with a space", "287 082", now, 1, true},
		{"one period late", "287082", now.Add(30 * time.Second), 1, true},
		{"one period early", "287082", time.Unix(29, 0), 1, true},
		{"two periods late", "287082", now.Add(60 * time.Second), 0, false},
		{"wrong", "287083", now, 0, false},
		{"empty", "", now, 0, false},
	} {
		if step, ok := CheckTOTP(secret, tt.code, tt.at); ok != tt.ok || step != tt.step {
			t.Errorf("%s: step %d, %t; want %d, %t", tt.name, step, ok, tt.step, tt.ok)
		}
	}
	if _, ok := CheckTOTP("", hotp(nil, 1, 6), now); ok {
		t.Error("a code without a secret is taken")
	}
	if secret := NewTOTPSecret(); len(secret) != 32 || secret == NewTOTPSecret() {
		t.Errorf("secret %q", secret)
	}
}

func TestTOTPAddress(t *testing.T) {
	const want = "otpauth://totp/VMCloud%20Support:sam@vmcloud.example?issuer=VMCloud%20Support&secret=ABC"
	if got := TOTPAddress("ABC", "VMCloud Support", "sam@vmcloud.example"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestRecoveryCodesAreReadLikePeopleWriteThem(t *testing.T) {
	codes := newRecoveryCodes()
	seen := map[string]bool{}
	for _, c := range codes {
		seen[c] = true
		if len(plainRecovery(c)) != recoveryLength {
			t.Errorf("%q does not read back", c)
		}
	}
	if len(seen) != recoveryCodes {
		t.Errorf("%d different codes", len(seen))
	}
	for typed, want := range map[string]string{"o1abc-defgh": "01ABCDEFGH", " OIABC defgh ": "01ABCDEFGH", "abc": ""} {
		if got := plainRecovery(typed); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
}

func TestWaitAfterWrongCodes(t *testing.T) {
	for n, want := range map[int]time.Duration{0: 0, 4: 0, 5: time.Minute, 6: 2 * time.Minute, 11: time.Hour, 1000: time.Hour} {
		if got := codeWait(n); got != want {
			t.Errorf("after %d wrong codes: %s, want %s", n, got, want)
		}
	}
}

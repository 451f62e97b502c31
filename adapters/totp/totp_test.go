package totp_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/adapters/totp"
)

// secret is that of the test vectors of RFC 6238, appendix B.
var secret = base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte("12345678901234567890"))

func TestCodesAreThoseOfTheStandard(t *testing.T) {
	for at, code := range map[int64]string{ // the last six of the eight digits in the standard
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		step, ok := totp.Apps{}.Check(secret, code, time.Unix(at, 0), 0)
		if !ok || step != at/30 {
			t.Errorf("at %d the code %s: step %d, %t", at, code, step, ok)
		}
	}
}

func TestACodeIsGoodForOneStepBeforeAndAfterItsOwn(t *testing.T) {
	const code, own = "005924", 1234567890 / 30
	for offset, want := range map[int64]bool{-31: false, -30: true, -1: true, 0: true, 29: true, 59: true, 60: false} {
		at := time.Unix(own*30+offset, 0)
		step, ok := totp.Apps{}.Check(secret, code, at, 0)
		if ok != want || (ok && step != own) {
			t.Errorf("%d s from the step's begin: step %d, %t", offset, step, ok)
		}
	}
}

func TestASpentStepIsNeverGoodAgain(t *testing.T) {
	const code, own = "005924", int64(1234567890 / 30)
	for spent, want := range map[int64]bool{own - 1: true, own: false, own + 1: false} {
		if _, ok := (totp.Apps{}).Check(secret, code, time.Unix(1234567890, 0), spent); ok != want {
			t.Errorf("spent up to %d: %t", spent-own, ok)
		}
	}
}

func TestWhateverIsTypedNoCodeServesTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now, spent := int64(1_800_000_000), int64(0)
		used := map[string]bool{}
		for range rapid.IntRange(1, 40).Draw(t, "tries") {
			now += rapid.Int64Range(0, 45).Draw(t, "pause")
			typed := codeAt(now + 30*rapid.Int64Range(-2, 2).Draw(t, "step"))
			step, ok := totp.Apps{}.Check(secret, typed, time.Unix(now, 0), spent)
			if !ok {
				continue
			}
			if step <= spent || used[fmt.Sprint(step)] {
				t.Fatalf("step %d was good again", step)
			}
			spent, used[fmt.Sprint(step)] = step, true
		}
	})
}

// codeAt computes the code of a time as RFC 4226 has it, apart from the library that the adapter uses.
func codeAt(at int64) string {
	h := hmac.New(sha1.New, []byte("12345678901234567890"))
	_ = binary.Write(h, binary.BigEndian, uint64(at/30))
	sum := h.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[offset:])&0x7fffffff)%1_000_000)
}

func TestWhatIsNoCodeIsRefused(t *testing.T) {
	at := time.Unix(1234567890, 0)
	for code, want := range map[string]bool{
		"005924": true, "005 924": true, " 005924 ": true, "": false, "5924": false, "0059240": false, "00592a": false, "٠٠٥٩٢٤": false, "005-924": false,
	} {
		if _, ok := (totp.Apps{}).Check(secret, code, at, 0); ok != want {
			t.Errorf("%q: %t", code, ok)
		}
	}
	if _, ok := (totp.Apps{}).Check("not base32!", "005924", at, 0); ok {
		t.Error("a secret that is none fits")
	}
}

func TestAnEnrolmentCarriesTheSecretToAnApp(t *testing.T) {
	seen := map[string]bool{}
	for range 10 {
		secret, address, err := totp.Apps{Issuer: "TOEIC practice"}.Enrol("ann+toeic@example.com")
		if err != nil {
			t.Fatal(err)
		}
		raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
		if err != nil || len(raw) != 20 || seen[secret] {
			t.Errorf("secret %q: %d bytes, %v, seen %t", secret, len(raw), err, seen[secret])
		}
		seen[secret] = true
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/TOEIC practice:ann+toeic@example.com" {
			t.Errorf("address %q, %v", address, err)
		}
		if q := u.Query(); q.Get("secret") != secret || q.Get("issuer") != "TOEIC practice" || q.Get("digits") != "6" || q.Get("period") != "30" || q.Get("algorithm") != "SHA1" {
			t.Errorf("address %q", address)
		}
	}
}

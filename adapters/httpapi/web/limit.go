package web

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"time"

	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// Class groups routes that share a limit over time.
type Class string

// The classes. A route that names none is of the class that its method and permission suggest.
const (
	SignIn Class = "sign_in" // what strangers do with passwords and codes; by network address, across all processes
	Read   Class = "read"    // by account, or network address where nobody is signed in
	Write  Class = "write"   // the same
	Admin  Class = "admin"   // administration, by account
	Free   Class = "free"    // no limit: probes and the like
	// Refused is no class of routes, but of requests whose token is not good, by network address.
	Refused Class = "refused"
)

// Rates gives each class its limit; a class that is missing has none.
type Rates map[Class]ports.Limit

// errTooMany is the failure of a request beyond its limit.
var errTooMany = fault.New(fault.TooMany, "request.too_many", "Too many requests; wait a little.")

// classOf is the class of a route that names none.
func classOf(method string, p identity.Permission) Class {
	switch {
	case p.Administrative():
		return Admin
	case method == "GET":
		return Read
	case p == identity.Public:
		return SignIn
	default:
		return Write
	}
}

// limit counts a request against its class, tells the client how it stands, and refuses it when it is too many.
func (a *API) limit(x *exchange, class Class) error {
	l, limited := a.config.Rates[class]
	if !limited || l.Burst <= 0 {
		return nil
	}
	counter, who := a.config.Limits, subscriber(x.request.Device.IP)
	if class == SignIn {
		counter = a.config.SharedLimits
	} else if !x.request.Actor.Nobody() {
		who = x.request.Actor.UserID.String()
	}
	v := counter.Take(x, string(class)+":"+who, l)
	h := x.c.Response().Header()
	h.Set("RateLimit-Policy", fmt.Sprintf(`"%s";q=%d;w=%d`, class, l.Burst, seconds(l.Window)))
	h.Set("RateLimit", fmt.Sprintf(`"%s";r=%d;t=%d`, class, v.Remaining, seconds(v.ResetAfter)))
	if v.Allowed {
		return nil
	}
	return errTooMany.After(v.RetryAfter)
}

// authenticate tells who stands behind a token. One network address cannot have the store asked for rubbish without end.
func (a *API) authenticate(x *exchange, token string) (identity.Actor, error) {
	l := a.config.Rates[Refused]
	var key string
	if l.Burst > 0 {
		key = string(Refused) + ":" + subscriber(x.request.Device.IP)
		if v := a.config.Limits.Look(x, key, l); !v.Allowed {
			return identity.Actor{}, errTooMany.After(v.RetryAfter)
		}
	}
	who, err := a.config.Authenticate(x, token)
	if l.Burst > 0 && errors.Is(err, identity.ErrUnauthenticated) { // an expired token is an honest one
		a.config.Limits.Take(x, key, l)
	}
	return who, err
}

// seconds rounds up, so that who waits that long has waited long enough.
func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// subscriber groups the addresses of one subscriber: a single IPv4 address, or an IPv6 network of 64 bits.
func subscriber(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil || addr.Unmap().Is4() {
		return ip
	}
	network, err := addr.Prefix(64)
	if err != nil {
		return ip
	}
	return network.String()
}

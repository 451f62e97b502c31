package attempt

import (
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/fault"
)

// The failures of attempts that are taken on several devices.
var (
	ErrOtherDevice  = fault.New(fault.Conflict, "attempt.other_device", "The attempt is taken on another device; claim it to go on here.")
	ErrTakenOver    = fault.New(fault.Conflict, "attempt.taken_over", "The attempt was taken over by another device.")
	ErrDeviceLocked = fault.New(fault.Conflict, "attempt.device_locked", "The attempt stays on the device where it is taken, unless that signs out or a teacher releases it.")
	ErrNotHeld      = fault.New(fault.Conflict, "attempt.not_held", "No device holds the attempt.")
)

// DevicePolicy says what happens when an attempt in exam mode is wanted on a second device. A device is a session; all
// API tokens together are one more, with the nil UUID. In practice mode every device may go on.
type DevicePolicy string

// The policies.
const (
	AnyDevice  DevicePolicy = "any"      // every device may go on
	TakeOver   DevicePolicy = "takeover" // another device may take over, after which the former may not go on
	OneDevice  DevicePolicy = "refuse"   // another device may not, unless the session of the former ended or a teacher released it
	UsualRules              = TakeOver   // where no policy is set
)

// Holder returns who holds a new attempt that is started in a session: nobody where every device may go on.
func (p DevicePolicy) Holder(session uuid.UUID) *uuid.UUID {
	if p == AnyDevice {
		return nil
	}
	return &session
}

// HeldBy returns nil when a session may change the attempt: when it holds it, or nobody does, or nothing can change any
// more. Otherwise it returns ErrTakenOver to the session that held it before, and ErrOtherDevice to all others.
func (a *Attempt) HeldBy(session uuid.UUID) error {
	switch {
	case a.s.Status != InProgress, a.s.Holder == nil, *a.s.Holder == session:
		return nil
	case a.s.FormerHolder != nil && *a.s.FormerHolder == session:
		return ErrTakenOver
	default:
		return ErrOtherDevice
	}
}

// Shows returns nil when a session may look at the items: what may not be answered there, or not while the clock stands,
// is not shown either. What is over is shown everywhere.
func (a *Attempt) Shows(session uuid.UUID, now time.Time) error {
	if err := a.HeldBy(session); err != nil {
		return err
	}
	if a.s.Status == InProgress && a.paused(now) {
		return ErrPaused
	}
	return nil
}

// Shows is [Attempt.Shows] of an attempt that is only looked at, without a copy of it.
func (s Snapshot) Shows(session uuid.UUID, now time.Time) error {
	a := Attempt{s: s}
	return a.Shows(session, now)
}

// Claim makes a session the holder, by the policy of now; gone says that the session of the present holder has ended.
// It returns ErrDeviceLocked when the policy refuses that. For the holder itself, and in practice mode, it changes
// nothing. A policy that lets all devices go on is put into force by the claim: nobody holds the attempt then.
func (a *Attempt) Claim(session uuid.UUID, p DevicePolicy, gone bool, now time.Time) error {
	if err := a.live(now); err != nil {
		return err
	}
	held := a.s.Holder
	switch {
	case !a.timed(), p == AnyDevice && held == nil, p != AnyDevice && held != nil && *held == session:
		return nil
	case p == OneDevice && held != nil && !gone:
		return ErrDeviceLocked
	}
	if held != nil && *held != session {
		a.s.FormerHolder = held
	}
	a.s.Holder = p.Holder(session)
	a.s.Version++
	return nil
}

// Release takes the attempt from its holder: every device may go on with it until one claims it. It returns ErrNotHeld
// when there is no holder.
func (a *Attempt) Release(now time.Time) error {
	if err := a.live(now); err != nil {
		return err
	}
	if a.s.Holder == nil {
		return ErrNotHeld
	}
	a.s.FormerHolder, a.s.Holder = a.s.Holder, nil
	a.s.Version++
	return nil
}

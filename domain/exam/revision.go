package exam

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Media describes one stored file of a form. Its hash is its address.
type Media struct {
	Hash string `json:"sha256"` // lower-case hexadecimal SHA-256 of the bytes
	Type string `json:"type"`   // media type, as sniffed at import
	Size int64  `json:"size"`   // bytes
}

// Content is what a revision consists of: the form, and the identity of each file it refers to.
type Content struct {
	Form  Form             `json:"form"`
	Media map[string]Media `json:"media"` // by the file's name in the pack
}

// Encode returns the canonical bytes of the content; equal contents have equal bytes.
func (c Content) Encode() ([]byte, error) {
	b, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encode content: %w", err)
	}
	return b, nil
}

// DecodeContent reads what Encode wrote. It applies no rule, so that a revision stays readable for ever.
func DecodeContent(b []byte) (Content, error) {
	var c Content
	if err := json.Unmarshal(b, &c); err != nil {
		return Content{}, fmt.Errorf("decode content: %w", err)
	}
	return c, nil
}

// Hash returns the lower-case hexadecimal SHA-256 of b, the address of a revision or a media file.
func Hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Summary is what a catalogue shows of a revision; it holds nothing of any item.
type Summary struct {
	ExamID      uuid.UUID
	RevisionID  uuid.UUID
	Revision    int // 1 for the first revision of an exam
	Slug        string
	Title       string
	Kind        Kind
	Format      string
	Hash        string // of the content
	Outline     Outline
	PublishedAt time.Time
	// Corrects is the revision whose keys this one corrects, changing nothing else; the nil UUID for others. Of a
	// revision that was corrected more than once all corrections name the same, first one.
	Corrects uuid.UUID
}

// FormID names the form: a revision and its corrections are one form, as learners see no difference.
func (s Summary) FormID() uuid.UUID {
	if s.Corrects != uuid.Nil {
		return s.Corrects
	}
	return s.RevisionID
}

// ListVersion names a stretch of the catalogue by what is in it and where it goes on: a revision never changes. Hexadecimal,
// 32 digits.
func ListVersion(rows []Summary, next uuid.UUID) string {
	named := make([]byte, 0, 512) // enough for a page of the default size
	for _, s := range rows {
		named = append(named, s.RevisionID[:]...)
	}
	sum := sha256.Sum256(append(named, next[:]...))
	return hex.EncodeToString(sum[:16])
}

// Revision is a published form. It never changes.
type Revision struct {
	Summary
	Content Content
}

// Question returns item n and the part and group it belongs to; false when there is none.
func (r Revision) Question(n int) (Part, Group, Question, bool) {
	var (
		part  Part
		group Group
		item  Question
		found bool
	)
	r.Content.Form.Each(func(p Part, g Group, q Question) {
		if q.Number == n {
			part, group, item, found = p, g, q, true
		}
	})
	return part, group, item, found
}

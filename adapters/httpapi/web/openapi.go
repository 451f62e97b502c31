package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"github.com/swaggest/jsonschema-go"
	"github.com/swaggest/openapi-go"
	"github.com/swaggest/openapi-go/openapi31"
	"github.com/swaggest/swgui/v5emb"

	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/identity"
)

const (
	documentPath = "/openapi.json"
	pagePath     = "/docs"
	bearerScheme = "bearer"
)

// document is the OpenAPI description of the routes, made from their Go types. Making it takes as long as all the rest
// of a start, so it is made when it is first asked for.
type document struct {
	title, version string
	routes         []described
	once           sync.Once
	encoded        []byte
	err            error

	// While it is made:
	reflector *openapi31.Reflector
	ids       map[string]Route // by operation id
}

func newDocument(title, version string) *document { return &document{title: title, version: version} }

// begin prepares to reflect on types.
func (d *document) begin() {
	r := openapi31.NewReflector()
	r.Spec.Info.WithTitle(d.title).WithVersion(d.version).WithDescription(
		"Practice tests for the TOEIC Listening & Reading test. Failures are RFC 9457 problems with a stable code; " +
			"lists are paged with cursors; times are UTC.")
	r.Spec.SetHTTPBearerTokenSecurity(bearerScheme, "", "An access token of a session, or an API token (toeic_…).")
	reflector := r.JSONSchemaReflector()
	reflector.DefaultOptions = append(reflector.DefaultOptions,
		jsonschema.InterceptProp(constrain), jsonschema.InterceptNullability(denullify),
		jsonschema.InterceptDefName(definition))
	reflector.AddTypeMapping(uuid.UUID{}, formatted("uuid"))
	d.reflector, d.ids = r, map[string]Route{}
}

func formatted(format string) jsonschema.Schema {
	var s jsonschema.Schema
	s.WithType(jsonschema.String.Type()).WithFormat(format)
	return s
}

// definition names a schema after its context and type: attemptapi.reviewItemReply is AttemptReviewItem.
func definition(t reflect.Type, _ string) string {
	base, argument, generic := strings.Cut(t.Name(), "[")
	name := schemaName(path.Base(t.PkgPath()), base)
	if generic {
		dot := strings.LastIndexByte(argument, '.')
		name += schemaName(path.Base(argument[:max(dot, 0)]), strings.TrimSuffix(argument[dot+1:], "]"))
	}
	return name
}

func schemaName(pkg, name string) string {
	context, api := strings.CutSuffix(pkg, "api")
	name = capital(strings.TrimSuffix(name, "Reply"))
	if context = capital(context); !api || strings.HasPrefix(name, context) {
		return name
	}
	return context + name
}

func capital(word string) string {
	if word == "" {
		return ""
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

// denullify: a list that is empty is [], never null.
func denullify(p jsonschema.InterceptNullabilityParams) {
	if p.NullAdded && p.Type.Kind() == reflect.Slice {
		p.Schema.RemoveType(jsonschema.Null)
	}
}

// constrain turns the validate tag of a field into constraints, and says which fields are always there.
func constrain(p jsonschema.InterceptPropParams) error {
	if !p.Processed || p.PropertySchema == nil {
		return nil
	}
	rules := strings.Split(p.Field.Tag.Get("validate"), ",")
	_, options, _ := strings.Cut(p.Field.Tag.Get("json"), ",")
	optional := strings.Contains(options, "omitempty") || p.Field.Tag.Get("json") == "-"
	if slices.Contains(rules, "required") || !optional {
		if !slices.Contains(p.ParentSchema.Required, p.Name) {
			p.ParentSchema.Required = append(p.ParentSchema.Required, p.Name)
		}
	}
	at, kind := p.PropertySchema, p.Field.Type
	for _, rule := range rules {
		if kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		if rule == "dive" {
			if at.Items == nil || at.Items.SchemaOrBool == nil || at.Items.SchemaOrBool.TypeObject == nil {
				return nil
			}
			at, kind = at.Items.SchemaOrBool.TypeObject, kind.Elem()
			continue
		}
		if err := constrainBy(at, kind, rule); err != nil {
			return fmt.Errorf("field %s: %w", p.Field.Name, err)
		}
	}
	return nil
}

// constrainBy adds one rule. A rule that it does not know would be missing from the document, so it is an error.
func constrainBy(s *jsonschema.Schema, kind reflect.Type, rule string) error {
	name, value, _ := strings.Cut(rule, "=")
	switch name {
	case "", "omitempty", "required":
	case "min", "max":
		var n int64
		if _, err := fmt.Sscan(value, &n); err != nil {
			return fmt.Errorf("rule %s: %w", rule, err)
		}
		bound(s, kind, name == "min", n)
	case "oneof":
		for _, v := range strings.Fields(value) {
			if v != "null" { // which is the type's to say
				s.Enum = append(s.Enum, v)
			}
		}
		if s.HasType(jsonschema.Null) {
			s.Enum = append(s.Enum, nil)
		}
	case "unique":
		s.WithUniqueItems(true)
	case "uuid":
		s.WithFormat("uuid")
	case "ip":
	default:
		return fmt.Errorf("rule %s is unknown to the document", rule)
	}
	return nil
}

func bound(s *jsonschema.Schema, kind reflect.Type, low bool, n int64) {
	switch {
	case kind.Kind() == reflect.String && low:
		s.WithMinLength(n)
	case kind.Kind() == reflect.String:
		s.WithMaxLength(n)
	case kind.Kind() == reflect.Slice && low:
		s.WithMinItems(n)
	case kind.Kind() == reflect.Slice:
		s.WithMaxItems(n)
	case low:
		s.WithMinimum(float64(n))
	default:
		s.WithMaximum(float64(n))
	}
}

// described is what the document says of a route.
type described struct {
	route                                  Route
	tag, summary, description              string
	in, out                                any
	status                                 int
	faults                                 []*fault.Error
	body, optionalBody, idempotent, tagged bool
}

// idempotencyHeader documents the header of routes that honour it.
type idempotencyHeader struct {
	Key string `header:"Idempotency-Key" maxLength:"200" description:"The same key and request give the first answer again for 24 hours."`
}

// add remembers a route.
func (d *document) add(r described) { d.routes = append(d.routes, r) }

// describe documents a route.
func (d *document) describe(r described) error {
	oc, err := d.reflector.NewOperationContext(r.route.Method, r.route.Path)
	if err != nil {
		return fmt.Errorf("document: %w", err)
	}
	oc.SetTags(r.tag)
	oc.SetSummary(r.summary)
	oc.SetDescription(r.description)
	id := operationID(r.route)
	if other, taken := d.ids[id]; taken {
		return fmt.Errorf("document: operation %s is also %s %s", id, other.Method, other.Path)
	}
	d.ids[id] = r.route
	oc.SetID(id)
	if r.route.Permission != identity.Public {
		oc.AddSecurity(bearerScheme)
	}
	if exposed, ok := oc.(openapi31.OperationExposer); ok {
		exposed.Operation().WithMapOfAnythingItem("x-permission", string(r.route.Permission))
		if r.route.Fresh {
			exposed.Operation().WithMapOfAnythingItem("x-fresh", true)
		}
	}
	if _, none := r.in.(*None); !none {
		oc.AddReqStructure(r.in, func(cu *openapi.ContentUnit) {
			cu.Customize = func(cor openapi.ContentOrReference) {
				if body, ok := cor.(*openapi31.RequestBodyOrReference); ok && r.body {
					body.RequestBodyEns().WithRequired(!r.optionalBody)
				}
			}
		})
	}
	if r.idempotent {
		oc.AddReqStructure(new(idempotencyHeader))
	}
	d.success(oc, r)
	d.failures(oc, r)
	if err := d.reflector.AddOperation(oc); err != nil {
		return fmt.Errorf("document: %w", err)
	}
	return nil
}

func (d *document) success(oc openapi.OperationContext, r described) {
	with := func(status int, kind, description string) openapi.ContentOption {
		return func(cu *openapi.ContentUnit) {
			cu.HTTPStatus, cu.ContentType, cu.Description = status, kind, description
		}
	}
	switch r.out.(type) {
	case *None:
		oc.AddRespStructure(nil, with(http.StatusNoContent, "", "Done."))
	case *File:
		oc.AddRespStructure(nil, with(r.status, "application/octet-stream", "The file, with its own media type."))
	case Statused:
		oc.AddRespStructure(r.out, with(http.StatusServiceUnavailable, echo.MIMEApplicationJSON, "The same body."))
		oc.AddRespStructure(r.out, with(r.status, echo.MIMEApplicationJSON, "Done."))
	default:
		oc.AddRespStructure(r.out, with(r.status, echo.MIMEApplicationJSON, "Done."))
	}
	if r.tagged {
		oc.AddRespStructure(nil, with(http.StatusNotModified, "", "The content is what If-None-Match names."))
	}
}

// failures lists the codes of each status that the route may answer with.
func (d *document) failures(oc openapi.OperationContext, r described) {
	faults := slices.Clone(r.faults)
	if _, none := r.in.(*None); !none {
		faults = append(faults, ErrInvalid)
	}
	if r.body {
		faults = append(faults, ErrMalformed, ErrTooLarge, ErrMediaType)
	}
	if r.route.Permission != identity.Public {
		faults = append(faults, identity.ErrUnauthenticated, identity.ErrTokenExpired, identity.ErrSessionEnded, identity.ErrForbidden)
	}
	if r.route.Fresh {
		faults = append(faults, identity.ErrStepUpRequired)
	}
	if r.route.Permission.Administrative() {
		faults = append(faults, identity.ErrFactorRequired)
	}
	if r.route.Class != Free {
		faults = append(faults, errTooMany)
	}
	codes := map[int][]string{}
	for _, f := range faults {
		_, status := failure(f)
		if !slices.Contains(codes[status], f.Code) {
			codes[status] = append(codes[status], f.Code)
		}
	}
	for status, list := range codes {
		if _, statused := r.out.(Statused); statused && status == http.StatusServiceUnavailable {
			continue // documented with its own body
		}
		oc.AddRespStructure(new(problem), func(cu *openapi.ContentUnit) {
			cu.HTTPStatus, cu.ContentType = status, "application/problem+json"
			cu.Description = "Codes: " + strings.Join(list, ", ")
		})
	}
}

// operationID names an operation after its method and path: getAttemptsById.
func operationID(r Route) string {
	id := strings.ToLower(r.Method)
	for word := range strings.FieldsFuncSeq(strings.TrimPrefix(r.Path, "/api/v1"), func(c rune) bool { return strings.ContainsRune("/-_", c) }) {
		if name, ok := strings.CutPrefix(word, "{"); ok {
			word = "by" + capital(strings.TrimSuffix(name, "}"))
		}
		id += capital(word)
	}
	return id
}

// bytes makes and encodes the document, once.
func (d *document) bytes() ([]byte, error) {
	d.once.Do(func() {
		d.begin()
		var errs []error
		for _, r := range d.routes {
			if err := d.describe(r); err != nil {
				errs = append(errs, fmt.Errorf("%s %s: %w", r.route.Method, r.route.Path, err))
			}
		}
		d.encoded, d.err = json.MarshalIndent(d.reflector.Spec, "", " ")
		d.err = errors.Join(append(errs, d.err)...)
		d.reflector, d.ids, d.routes = nil, nil, nil
	})
	return d.encoded, d.err
}

// documentRoutes serves the document and its page. They are not part of what they describe.
func (a *API) documentRoutes() {
	public := Route{Method: http.MethodGet, Permission: identity.Public}
	document, page, assets := public, public, public
	document.Path, page.Path, assets.Path = documentPath, pagePath, pagePath+"/*"
	ui := echo.WrapHandler(v5emb.New(a.config.Title, documentPath, pagePath+"/"))
	show := func(x *exchange) error {
		h := x.c.Response().Header()
		h.Set("Content-Security-Policy", "default-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'")
		h.Set("Cache-Control", "public, max-age=3600")
		return ui(x.c)
	}
	a.failed = append(a.failed,
		a.add(document, func(x *exchange) error {
			encoded, err := a.document.bytes()
			if err != nil {
				return err
			}
			return a.send(x.c, rendered{Status: http.StatusOK, Type: echo.MIMEApplicationJSON, Body: encoded}, Public(0))
		}),
		a.add(page, func(x *exchange) error { return x.c.Redirect(http.StatusFound, pagePath+"/") }),
		a.add(assets, show),
	)
}

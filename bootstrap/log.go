package bootstrap

import (
	"io"
	"strings"

	"go.uber.org/zap"
	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"
)

// newLogger writes lines for people (text) or machines (json; the default outside development).
func newLogger(c Config, to io.Writer) *zap.Logger {
	var level zapcore.Level
	if err := level.UnmarshalText([]byte(strings.ToLower(c.LogLevel))); err != nil {
		level = zapcore.InfoLevel // an unknown level was named as a problem before
	}
	shape := zapcore.EncoderConfig{
		TimeKey: "time", LevelKey: "level", NameKey: "logger", MessageKey: "msg", StacktraceKey: "stack",
		LineEnding: zapcore.DefaultLineEnding, EncodeTime: zapcore.RFC3339NanoTimeEncoder,
		EncodeLevel: encodeLevel, EncodeDuration: zapcore.MillisDurationEncoder,
	}
	encoder := zapcore.NewJSONEncoder(shape)
	if c.LogFormat == "text" || (c.LogFormat == "" && c.Environment == Development) {
		encoder = addressFirst{zapcore.NewConsoleEncoder(shape)}
	}
	return zap.New(zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(to)), level))
}

// encodeLevel writes the six names that operators search for.
func encodeLevel(l zapcore.Level, to zapcore.PrimitiveArrayEncoder) {
	if l == zapcore.DPanicLevel {
		l = zapcore.PanicLevel
	}
	to.AppendString(l.CapitalString())
}

// What a failed log-in is logged with.
const (
	authenticationFailed = "authentication failed"
	clientAddress        = "client"
)

// addressFirst writes the client's address before everything else on the line of a failed log-in, because the
// operations manual groups those lines by their first word.
type addressFirst struct{ zapcore.Encoder }

// Clone implements zapcore.Encoder.
func (e addressFirst) Clone() zapcore.Encoder { return addressFirst{e.Encoder.Clone()} }

// EncodeEntry implements zapcore.Encoder.
func (e addressFirst) EncodeEntry(entry zapcore.Entry, fields []zapcore.Field) (*buffer.Buffer, error) {
	line, err := e.Encoder.EncodeEntry(entry, fields)
	if err != nil || entry.Message != authenticationFailed {
		return line, err
	}
	for _, f := range fields {
		if f.Key == clientAddress {
			rest := strings.Clone(line.String())
			line.Reset()
			line.AppendString(f.String + " " + rest)
		}
	}
	return line, nil
}

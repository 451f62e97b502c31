package bootstrap

import (
	"io"
	"strings"

	"go.uber.org/zap"
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
		encoder = zapcore.NewConsoleEncoder(shape)
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

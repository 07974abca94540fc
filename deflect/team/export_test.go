package team

import "time"

// CodeAt is the time-based code of a secret at an instant.
func CodeAt(secret string, at time.Time) string {
	key, err := totpEncoding.DecodeString(secret)
	if err != nil {
		panic(err)
	}
	return hotp(key, uint64(at.Unix()/totpPeriod), totpDigits)
}

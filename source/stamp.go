package source

import "time"

// stampForm is how access logs write a time (Apache's %t, nginx's $time_local).
const stampForm = "02/Jan/2006:15:04:05 -0700"

// parseStamp reads a time in stampForm, len(stampForm) bytes, several times faster than time.Parse. The result is in UTC.
func parseStamp(b []byte) (time.Time, bool) {
	if b[2] != '/' || b[6] != '/' || b[11] != ':' || b[14] != ':' || b[17] != ':' || b[20] != ' ' || (b[21] != '+' && b[21] != '-') {
		return time.Time{}, false
	}
	day, month, year := number(b[0:2]), monthOf(b[3:6]), number(b[7:11])
	hour, minute, second := number(b[12:14]), number(b[15:17]), number(b[18:20])
	zoneHour, zoneMinute := number(b[22:24]), number(b[24:26])
	zone := zoneHour*60 + zoneMinute // minutes
	switch {
	case day|year|hour|minute|second|zoneHour|zoneMinute < 0, month == 0, day == 0, day > daysIn(month, year):
		return time.Time{}, false
	case hour > 23, minute > 59, second > 60, zoneHour > 24, zoneMinute > 59: // 60 is a leap second, told as the next minute's first
		return time.Time{}, false
	case b[21] == '+':
		zone = -zone
	}
	return time.Date(year, month, day, hour, minute+zone, second, 0, time.UTC), true
}

// number reads two decimal digits, or four; negative: b has something else.
func number(b []byte) int {
	hi, lo := b[len(b)-2]-'0', b[len(b)-1]-'0'
	if hi > 9 || lo > 9 {
		return -1
	}
	n := int(hi)*10 + int(lo)
	if len(b) == 4 {
		return number(b[:2])*100 + n
	}
	return n
}

// daysIn returns the length of a month.
func daysIn(month time.Month, year int) int {
	switch month {
	case time.February:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case time.April, time.June, time.September, time.November:
		return 30
	}
	return 31
}

// monthOf reads the English name's first three letters; 0: they are none.
func monthOf(b []byte) time.Month {
	switch string(b) {
	case "Jan":
		return time.January
	case "Feb":
		return time.February
	case "Mar":
		return time.March
	case "Apr":
		return time.April
	case "May":
		return time.May
	case "Jun":
		return time.June
	case "Jul":
		return time.July
	case "Aug":
		return time.August
	case "Sep":
		return time.September
	case "Oct":
		return time.October
	case "Nov":
		return time.November
	case "Dec":
		return time.December
	}
	return 0
}

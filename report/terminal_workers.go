package report

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// What the terminal shows at most; the report has more.
const (
	mostWorkers = 20
	mostEvents  = 20
)

// Columns of the table of workers: the first three are text, name and host are cut where a line would be too long.
const (
	nameColumn = iota
	hostColumn
	stateColumn
	verdictColumn = 8
	leastText     = 6
)

// workers shows what each worker did, the worst first.
func (t *sheet) workers(s *Summary) {
	if len(s.Workers) == 0 {
		return
	}
	list := s.WorkersWorstFirst()
	shown := list[:min(len(list), mostWorkers)]
	rows := [][]string{{"Workers", "host", "state", "sent", "answered", "p99", "late p99", "clock", "verdict"}}
	for i := range shown {
		rows = append(rows, workerRow(&shown[i]))
	}
	widths := fitted(rows)
	t.line("")
	for i, row := range rows {
		cells := make([]string, len(row))
		for c, cell := range row {
			if cell = middle(cell, widths[c]); c <= stateColumn {
				cell = left(cell, widths[c])
			} else {
				cell = right(cell, widths[c])
			}
			style := bold
			if i > 0 {
				style = workerStyle(&shown[i-1], c)
			}
			cells[c] = t.paint(style, cell)
		}
		t.line("%s", strings.Join(cells, " "))
	}
	if more := list[len(shown):]; len(more) > 0 {
		t.line("  … and %s more, %s", Count(int64(len(more))), InShort(more))
	}
}

// workerRow is a worker's line; its name is indented.
func workerRow(w *Worker) []string {
	return []string{
		"  " + clean(w.Name), clean(w.Host), clean(w.State), short(w.Requests.Sent), short(w.Requests.Completed),
		p99Of(&w.Latency), p99Of(&w.Lateness), clock(w), clean(w.Verdict),
	}
}

func workerStyle(w *Worker, column int) string {
	switch {
	case column == stateColumn && w.State == WorkerLost, column == verdictColumn && w.Verdict == ScheduleSlipped:
		return red
	case column == stateColumn && w.State == WorkerLeft:
		return yellow
	}
	return plain
}

func p99Of(s *Stats) string {
	if s.Count == 0 {
		return "-"
	}
	return Duration(s.P99)
}

// clock writes how far a worker's clock is off, and how sure that is: "+12µs±100µs".
func clock(w *Worker) string {
	if w.ClockOffsetNS == 0 && w.ClockErrorNS == 0 {
		return "-"
	}
	two := func(ns int64) string { return Duration(int64(significant(float64(ns), 2))) }
	sign := "+"
	if w.ClockOffsetNS < 0 {
		sign = "" // Duration writes it
	}
	return sign + two(w.ClockOffsetNS) + "±" + two(w.ClockErrorNS)
}

// short writes a count in at most nine columns.
func short(n int64) string {
	if n < 10_000_000 {
		return Count(n)
	}
	return Number(float64(n)/1e6) + "M"
}

// fitted returns the columns' widths so that a line fits. Where it would not, what all names have in common at their beginnings
// goes first, of hosts too, and then what is left of the host, and last of the name.
func fitted(rows [][]string) []int {
	widths, over := columnWidths(rows)
	if over > 0 {
		withoutPrefix(rows[1:], nameColumn, "  ")
		withoutPrefix(rows[1:], hostColumn, "")
		widths, over = columnWidths(rows)
	}
	for _, c := range []int{hostColumn, nameColumn} {
		cut := min(max(over, 0), max(widths[c]-leastText, 0))
		widths[c] -= cut
		over -= cut
	}
	return widths
}

// columnWidths are those that the cells need, and how much longer than the terminal's a line then is.
func columnWidths(rows [][]string) (widths []int, over int) {
	widths = make([]int, len(rows[0]))
	for _, row := range rows {
		for c, cell := range row {
			widths[c] = max(widths[c], utf8.RuneCountInString(cell))
		}
	}
	over = len(widths) - 1 - width
	for _, w := range widths {
		over += w
	}
	return widths, over
}

// withoutPrefix puts … in the place of what all cells of a column have in common at their beginnings, after an indent, if that makes
// them shorter and leaves something of each.
func withoutPrefix(rows [][]string, column int, indent string) {
	common := []rune(strings.TrimPrefix(rows[0][column], indent))
	for _, row := range rows {
		r := []rune(strings.TrimPrefix(row[column], indent))
		n := 0
		for n < len(common) && n < len(r)-1 && common[n] == r[n] {
			n++
		}
		common = common[:n]
	}
	if len(common) < 2 || len(rows) < 2 {
		return
	}
	for _, row := range rows {
		row[column] = indent + "…" + strings.TrimPrefix(row[column], indent+string(common))
	}
}

// middle cuts s to at most n runes and keeps both its ends, which tell names apart.
func middle(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	tail := max(n-1, 0) / 2
	return string(r[:max(n-1-tail, 0)]) + "…" + string(r[len(r)-tail:])
}

// events tells what happened, in the order of time.
func (t *sheet) events(s *Summary) {
	if len(s.Events) == 0 {
		return
	}
	t.line("\n%s", t.paint(bold, "Events"))
	for _, e := range s.Events[:min(len(s.Events), mostEvents)] {
		t.wrapped("  "+right(moment(e.AtNS), 10)+"  ", plain, clean(e.Text))
	}
	if more := len(s.Events) - mostEvents; more > 0 {
		t.line("  … and %s more, in the report", Count(int64(more)))
	}
}

// moment writes when something happened to the millisecond: "12.345s".
func moment(ns int64) string { return strconv.FormatFloat(float64(ns)/1e9, 'f', 3, 64) + "s" }

package bus

// Allowed are the subjects that credentials for one job need, as NATS' configuration and its signed credentials have
// them ("allow" lists).
type Allowed struct {
	Publish, Subscribe []string
}

// Permissions are the subjects that somebody who works on one job, in whatever role, needs and no more. The connection
// must name the job (Config.Job), so that its inbox lies below the job.
//
// Lists keep the jobs of one account apart as long as their holders use this package. They cannot keep out somebody who
// writes requests to JetStream by hand: a stream of the own job may copy the stream of another in the same account.
// Where holders of credentials are not trusted, give every job an account of its own.
func Permissions(job string) (Allowed, error) {
	if err := ValidJob(job); err != nil {
		return Allowed{}, err
	}
	n := names{job}
	a := Allowed{
		Publish:   []string{n.subject(">"), n.key(">"), "$JS.API.INFO"},
		Subscribe: []string{n.subject(">")},
	}
	for _, s := range n.streams() {
		for _, verb := range []string{"CREATE", "INFO", "DELETE", "PURGE", "MSG.GET"} {
			a.Publish = append(a.Publish, "$JS.API.STREAM."+verb+"."+s)
		}
		for _, verb := range []string{"CREATE", "INFO", "DELETE", "MSG.NEXT"} {
			a.Publish = append(a.Publish, "$JS.API.CONSUMER."+verb+"."+s+".>")
		}
		a.Publish = append(a.Publish,
			"$JS.ACK."+s+".>", "$JS.ACK.*.*."+s+".>", // the second as later servers write it, with domain and account
			"$JS.API.DIRECT.GET."+s, "$JS.API.DIRECT.GET."+s+".>")
	}
	return a, nil
}

package kubernetes

import "time"

// What is written of and read from the API, in its own words (Kubernetes API reference, 1.37); only fields that are used.

type object struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   meta              `json:"metadata"`
	Type       string            `json:"type,omitempty"`
	Data       map[string][]byte `json:"data,omitempty"` // of a Secret
	Spec       any               `json:"spec,omitempty"`
}

type meta struct {
	Name              string            `json:"name,omitempty"`
	Namespace         string            `json:"namespace,omitempty"`
	UID               string            `json:"uid,omitempty"`
	Labels            map[string]string `json:"labels,omitempty"`
	Annotations       map[string]string `json:"annotations,omitempty"`
	OwnerReferences   []owner           `json:"ownerReferences,omitempty"`
	CreationTimestamp *time.Time        `json:"creationTimestamp,omitempty"`
	DeletionTimestamp *time.Time        `json:"deletionTimestamp,omitempty"`
}

type owner struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	UID        string `json:"uid"`
}

type selector struct {
	MatchLabels map[string]string `json:"matchLabels"`
}

type template struct {
	Metadata meta    `json:"metadata"`
	Spec     podSpec `json:"spec"`
}

type jobSpec struct {
	Suspend                 *bool          `json:"suspend,omitempty"`
	CompletionMode          string         `json:"completionMode"`
	Completions             int            `json:"completions"`
	Parallelism             int            `json:"parallelism"`
	BackoffLimit            *int           `json:"backoffLimit,omitempty"`
	BackoffLimitPerIndex    *int           `json:"backoffLimitPerIndex,omitempty"`
	PodReplacementPolicy    string         `json:"podReplacementPolicy,omitempty"`
	PodFailurePolicy        *failurePolicy `json:"podFailurePolicy,omitempty"`
	ActiveDeadlineSeconds   int64          `json:"activeDeadlineSeconds,omitempty"`
	TTLSecondsAfterFinished int64          `json:"ttlSecondsAfterFinished"`
	Template                template       `json:"template"`
}

type failurePolicy struct {
	Rules []failureRule `json:"rules"`
}

type failureRule struct {
	Action          string         `json:"action"`
	OnExitCodes     *exitCodes     `json:"onExitCodes,omitempty"`
	OnPodConditions []podCondition `json:"onPodConditions,omitempty"`
}

type exitCodes struct {
	ContainerName string `json:"containerName"`
	Operator      string `json:"operator"`
	Values        []int  `json:"values"`
}

type podCondition struct {
	Type   string `json:"type"`
	Status string `json:"status"`
}

type cronSpec struct {
	Schedule                   string      `json:"schedule"`
	ConcurrencyPolicy          string      `json:"concurrencyPolicy"`
	StartingDeadlineSeconds    int         `json:"startingDeadlineSeconds"`
	SuccessfulJobsHistoryLimit int         `json:"successfulJobsHistoryLimit"`
	FailedJobsHistoryLimit     int         `json:"failedJobsHistoryLimit"`
	Suspend                    *bool       `json:"suspend,omitempty"`
	JobTemplate                jobTemplate `json:"jobTemplate"`
}

type jobTemplate struct {
	Metadata meta    `json:"metadata"`
	Spec     jobSpec `json:"spec"`
}

type serviceSpec struct {
	ClusterIP                string            `json:"clusterIP"`
	PublishNotReadyAddresses bool              `json:"publishNotReadyAddresses"`
	Selector                 map[string]string `json:"selector"`
	Ports                    []servicePort     `json:"ports"`
}

type servicePort struct {
	Name string `json:"name"`
	Port int    `json:"port"`
}

type statefulSetSpec struct {
	ServiceName          string        `json:"serviceName"`
	Replicas             int           `json:"replicas"`
	Selector             selector      `json:"selector"`
	Template             template      `json:"template"`
	VolumeClaimTemplates []claim       `json:"volumeClaimTemplates,omitempty"`
	ClaimRetention       *claimDeleted `json:"persistentVolumeClaimRetentionPolicy,omitempty"`
}

type claimDeleted struct {
	WhenDeleted string `json:"whenDeleted"`
}

type claim struct {
	Metadata meta      `json:"metadata"`
	Spec     claimSpec `json:"spec"`
}

type claimSpec struct {
	AccessModes []string  `json:"accessModes"`
	Resources   resources `json:"resources"`
}

type podSpec struct {
	RestartPolicy                 string            `json:"restartPolicy,omitempty"`
	AutomountServiceAccountToken  *bool             `json:"automountServiceAccountToken"`
	ServiceAccountName            string            `json:"serviceAccountName,omitempty"`
	EnableServiceLinks            *bool             `json:"enableServiceLinks"`
	TerminationGracePeriodSeconds int64             `json:"terminationGracePeriodSeconds"`
	DNSPolicy                     string            `json:"dnsPolicy,omitempty"`
	PriorityClassName             string            `json:"priorityClassName,omitempty"`
	NodeSelector                  map[string]string `json:"nodeSelector,omitempty"`
	SecurityContext               podSecurity       `json:"securityContext"`
	ImagePullSecrets              []reference       `json:"imagePullSecrets,omitempty"`
	Affinity                      *affinity         `json:"affinity,omitempty"`
	TopologySpreadConstraints     []spread          `json:"topologySpreadConstraints,omitempty"`
	Tolerations                   []map[string]any  `json:"tolerations,omitempty"`
	Containers                    []container       `json:"containers"`
	Volumes                       []volume          `json:"volumes,omitempty"`
}

type reference struct {
	Name string `json:"name"`
}

type podSecurity struct {
	RunAsNonRoot        bool     `json:"runAsNonRoot"`
	RunAsUser           int64    `json:"runAsUser"`
	RunAsGroup          int64    `json:"runAsGroup"`
	FSGroup             int64    `json:"fsGroup"`
	FSGroupChangePolicy string   `json:"fsGroupChangePolicy"`
	SeccompProfile      *seccomp `json:"seccompProfile,omitempty"`
}

type seccomp struct {
	Type string `json:"type"`
}

type containerSecurity struct {
	AllowPrivilegeEscalation bool         `json:"allowPrivilegeEscalation"`
	ReadOnlyRootFilesystem   bool         `json:"readOnlyRootFilesystem"`
	Capabilities             capabilities `json:"capabilities"`
}

type capabilities struct {
	Drop []string `json:"drop"`
}

type affinity struct {
	PodAntiAffinity antiAffinity `json:"podAntiAffinity"`
}

type antiAffinity struct {
	Required []affinityTerm `json:"requiredDuringSchedulingIgnoredDuringExecution"`
}

type affinityTerm struct {
	TopologyKey   string   `json:"topologyKey"`
	LabelSelector selector `json:"labelSelector"`
}

type spread struct {
	MaxSkew           int      `json:"maxSkew"`
	TopologyKey       string   `json:"topologyKey"`
	WhenUnsatisfiable string   `json:"whenUnsatisfiable"`
	LabelSelector     selector `json:"labelSelector"`
}

type container struct {
	Name            string            `json:"name"`
	Image           string            `json:"image"`
	ImagePullPolicy string            `json:"imagePullPolicy"`
	Command         []string          `json:"command,omitempty"`
	Args            []string          `json:"args,omitempty"`
	WorkingDir      string            `json:"workingDir,omitempty"`
	Env             []envVar          `json:"env,omitempty"`
	EnvFrom         []envFrom         `json:"envFrom,omitempty"`
	Ports           []containerPort   `json:"ports,omitempty"`
	Resources       *resources        `json:"resources,omitempty"`
	SecurityContext containerSecurity `json:"securityContext"`
	VolumeMounts    []mount           `json:"volumeMounts,omitempty"`
}

type envVar struct {
	Name      string  `json:"name"`
	Value     string  `json:"value,omitempty"`
	ValueFrom *source `json:"valueFrom,omitempty"`
}

type source struct {
	FieldRef     *fieldRef `json:"fieldRef,omitempty"`
	SecretKeyRef *keyRef   `json:"secretKeyRef,omitempty"`
}

type fieldRef struct {
	FieldPath string `json:"fieldPath"`
}

type keyRef struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

type envFrom struct {
	SecretRef reference `json:"secretRef"`
}

type containerPort struct {
	Name          string `json:"name"`
	ContainerPort int    `json:"containerPort"`
}

type resources struct {
	Requests map[string]string `json:"requests,omitempty"`
	Limits   map[string]string `json:"limits,omitempty"`
}

type mount struct {
	Name      string `json:"name"`
	MountPath string `json:"mountPath"`
	ReadOnly  bool   `json:"readOnly,omitempty"`
}

type volume struct {
	Name     string        `json:"name"`
	Secret   *secretVolume `json:"secret,omitempty"`
	EmptyDir *struct{}     `json:"emptyDir,omitempty"`
	Claim    *claimVolume  `json:"persistentVolumeClaim,omitempty"`
	HostPath *hostPath     `json:"hostPath,omitempty"`
}

type secretVolume struct {
	SecretName  string `json:"secretName"`
	DefaultMode int    `json:"defaultMode"`
	Items       []item `json:"items"`
}

type item struct {
	Key  string `json:"key"`
	Path string `json:"path"`
}

type claimVolume struct {
	ClaimName string `json:"claimName"`
	ReadOnly  bool   `json:"readOnly,omitempty"`
}

type hostPath struct {
	Path string `json:"path"`
	Type string `json:"type"`
}

{{/*
What the operator does with runs and their Jobs. Each verb is here because something fails without it: tests/Cpt.Chart.Tests takes them away one by one.
docs/platform.md says why, rule by rule.
*/}}
{{- define "cpt.rules" -}}
- apiGroups: [cpt.dev]
  resources: [continualruns]
  verbs: [list, watch, create, patch, delete]
- apiGroups: [cpt.dev]
  resources: [continualruns/status]
  verbs: [patch]
- apiGroups: [cpt.dev]
  resources: [continualstudies]
  verbs: [list, watch]
- apiGroups: [cpt.dev]
  resources: [continualstudies/status]
  verbs: [patch]
{{- if .Values.rbac.ownerReferences }}
- apiGroups: [cpt.dev]
  resources: [continualruns/finalizers]
  verbs: [update]
- apiGroups: [cpt.dev]
  resources: [continualstudies/finalizers]
  verbs: [update]
{{- end }}
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create, delete]
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
{{- if eq .Values.progress "proxy" }}
- apiGroups: [""]
  resources: [pods/proxy]
  verbs: [get]
{{- end }}
- apiGroups: [""]
  resources: [services]
  verbs: [create]
- apiGroups: [""]
  resources: [secrets]
  verbs: [get]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}

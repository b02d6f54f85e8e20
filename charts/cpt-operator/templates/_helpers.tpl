{{/* Names. A release that is called cpt-operator does not make cpt-operator-cpt-operator. */}}
{{- define "cpt.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "cpt.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "cpt.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "cpt.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What belongs to the whole cluster carries the namespace too: two releases, each for a namespace of its own, do not meet. */}}
{{- define "cpt.clusterName" -}}
{{- printf "%s-%s" (include "cpt.fullname" .) .Release.Namespace -}}
{{- end -}}

{{- define "cpt.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "cpt.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* Labels. The selector's may never change: a Deployment's selector cannot. */}}
{{- define "cpt.selectorLabels" -}}
app.kubernetes.io/name: {{ include "cpt.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{- define "cpt.labels" -}}
{{ include "cpt.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: cpt
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* What the operator puts on every trainer pod. */}}
{{- define "cpt.trainerLabels" -}}
app.kubernetes.io/managed-by: cpt-operator
{{- end -}}

{{- define "cpt.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "cpt.trainerImage" -}}
{{- default (printf "ghcr.io/example/cpt-trainer:%s" .Chart.AppVersion) .Values.trainer.image -}}
{{- end -}}

{{/* Namespaces where the trainers' ServiceAccount is made, as JSON. */}}
{{- define "cpt.trainerNamespaces" -}}
{{- $all := .Values.trainer.serviceAccount.namespaces -}}
{{- with .Values.watchNamespace -}}{{- $all = append $all . -}}{{- end -}}
{{- $all | uniq | sortAlpha | toJson -}}
{{- end -}}

{{/* Which ServiceAccount runs get; empty: the namespace's own. */}}
{{- define "cpt.trainerServiceAccountName" -}}
{{- if not .Values.trainer.serviceAccount.create -}}
{{- .Values.trainer.serviceAccount.name -}}
{{- else if include "cpt.trainerNamespaces" . | fromJsonArray -}}
{{- default "cpt-trainer" .Values.trainer.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* cpt.wanted (list . SWITCH "group/version/Kind"): "true" where an optional kind is to be made. */}}
{{- define "cpt.wanted" -}}
{{- $root := index . 0 -}}
{{- $switch := index . 1 | toString -}}
{{- if or (eq $switch "true") (and (eq $switch "auto") ($root.Capabilities.APIVersions.Has (index . 2))) -}}true{{- end -}}
{{- end -}}

{{/* cpt.withoutRules SCHEMA: takes CEL rules out of a schema, in place. Servers before 1.25 do not know them. */}}
{{- define "cpt.withoutRules" -}}
{{- $schema := . -}}
{{- $_ := unset $schema "x-kubernetes-validations" -}}
{{- range $key := list "items" "additionalProperties" -}}
{{- with index $schema $key -}}{{- if kindIs "map" . -}}{{- include "cpt.withoutRules" . -}}{{- end -}}{{- end -}}
{{- end -}}
{{- range $name, $property := $schema.properties -}}
{{- include "cpt.withoutRules" $property -}}
{{- end -}}
{{- end -}}

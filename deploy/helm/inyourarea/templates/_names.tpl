{{/* Names, labels and images. What is asked of one part takes a dict: `root` and the part's `name`. */}}

{{- define "inyourarea.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "inyourarea.name" -}}
{{ include "inyourarea.fullname" .root }}-{{ .name }}
{{- end }}

{{- define "inyourarea.selector" -}}
app.kubernetes.io/name: inyourarea
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .name }}
{{- end }}

{{- define "inyourarea.labels" -}}
{{ include "inyourarea.selector" . }}
app.kubernetes.io/part-of: inyourarea
app.kubernetes.io/version: {{ .root.Values.image.tag | default .root.Chart.AppVersion | trunc 63 | trimAll "-._" | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{- define "inyourarea.image" -}}
{{- $image := .root.Values.image -}}
{{- $place := printf "%s/%s" $image.registry .name -}}
{{- with get $image.digests .name }}{{ $place }}@{{ . }}
{{- else }}{{ $place }}:{{ $image.tag | default .root.Chart.AppVersion }}{{ end }}
{{- end }}

{{/* Names of priority classes are the whole cluster's; with the number, which can not be changed. */}}
{{- define "inyourarea.priority" -}}
{{ .root.Release.Namespace }}-{{ include "inyourarea.fullname" .root }}-{{ .name }}-{{ get .root.Values.priorityClasses .name | int }}
{{- end }}

{{/* Who scales: keda, hpa or none. By CPU alone a small machine of dev servers would be full of copies. */}}
{{- define "inyourarea.scaler" -}}
{{- $by := .Values.scaling.by -}}
{{- if ne $by "auto" }}{{ $by }}
{{- else if .Capabilities.APIVersions.Has "keda.sh/v1alpha1" }}keda
{{- else }}{{ ternary "none" "hpa" .Values.dev.enabled }}{{ end }}
{{- end }}

{{/*
Who scales one part. The gateway is scaled by CPU: by that alone it has a plain HPA beside KEDA too, since KEDA refuses to
scale by CPU what its own cache has not seen yet, made a moment before.
*/}}
{{- define "inyourarea.scalerOf" -}}
{{- $values := .root.Values -}}
{{- $scaler := include "inyourarea.scaler" .root -}}
{{- if and (eq $scaler "keda") (eq .name "gateway") (not $values.scaling.prometheus) }}{{ ternary "none" "hpa" $values.dev.enabled }}
{{- else }}{{ $scaler }}{{ end }}
{{- end }}

{{/* Secrets, by whom they are for: those that were named, or the dev servers' own. */}}
{{- define "inyourarea.storeSecret" -}}
{{- $store := .root.Values.objectStore -}}
{{- if .root.Values.dev.enabled }}{{ include "inyourarea.name" (dict "root" .root "name" "dev") }}
{{- else }}{{ get $store.secretNames .name | default $store.secretName }}{{ end }}
{{- end }}

{{/* The names of all that need a key of the store, but Triton's. */}}
{{- define "inyourarea.keyHolders" -}}
{{- $train := .Values.train -}}
{{- keys .Values.stages | sortAlpha | join " " }} {{ ternary "setup" "gateway" .Values.setup.enabled }}
{{- if or $train.jobs.enabled (and $train.enabled $train.publish) }} train{{ end }}
{{- end }}

{{- define "inyourarea.catalogSecret" -}}
{{- if .Values.dev.enabled }}{{ include "inyourarea.name" (dict "root" . "name" "dev") }}
{{- else }}{{ .Values.catalog.secretName }}{{ end }}
{{- end }}

{{- define "inyourarea.kafkaServers" -}}
{{- if .Values.dev.enabled }}{{ include "inyourarea.name" (dict "root" . "name" "dev-kafka") }}.{{ .Release.Namespace }}.svc:9092
{{- else }}{{ join "," .Values.kafka.servers }}{{ end }}
{{- end }}

{{- define "inyourarea.storeEndpoint" -}}
{{- if .Values.dev.enabled }}http://{{ include "inyourarea.name" (dict "root" . "name" "dev-store") }}:8333
{{- else }}{{ .Values.objectStore.endpoint }}{{ end }}
{{- end }}

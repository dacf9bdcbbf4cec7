{{/* What services are told, and the files of secrets that they are told of. */}}

{{/* How Kafka, the store and the outside are reached: of a `name` with a key of its own, or not. */}}
{{- define "inyourarea.servers" -}}
{{- $kafka := .root.Values.kafka -}}
{{- $store := .root.Values.objectStore -}}
{{- $isDev := .root.Values.dev.enabled -}}
- {name: INYOURAREA_KAFKA_SERVERS, value: {{ include "inyourarea.kafkaServers" .root | quote }}}
- {name: INYOURAREA_KAFKA_LANE_PARTITIONS, value: {{ include "inyourarea.lanePartitions" .root | quote }}}
{{- if and (eq $kafka.protocol "SASL_SSL") (not $isDev) }}
- {name: INYOURAREA_KAFKA_PROTOCOL, value: SASL_SSL}
- {name: INYOURAREA_KAFKA_MECHANISM, value: {{ $kafka.mechanism }}}
- name: INYOURAREA_KAFKA_USER
  valueFrom: {secretKeyRef: {name: {{ $kafka.secretName | quote }}, key: user}}
- {name: INYOURAREA_KAFKA_PASSWORD_FILE, value: /etc/inyourarea/kafka/password}
{{- if $kafka.caSecretName }}
- {name: INYOURAREA_KAFKA_CA_FILE, value: /etc/inyourarea/kafka-ca/ca.crt}
{{- end }}
{{- end }}
- {name: INYOURAREA_S3_ENDPOINT, value: {{ include "inyourarea.storeEndpoint" .root | quote }}}
- {name: INYOURAREA_S3_BUCKET, value: {{ $store.bucket | quote }}}
- {name: INYOURAREA_S3_REGION, value: {{ $store.region | quote }}}
- {name: INYOURAREA_S3_PATH_STYLE, value: {{ ternary "yes" "no" (or $isDev $store.pathStyle) | quote }}}
- {name: INYOURAREA_S3_ACCESS_KEY_FILE, value: /etc/inyourarea/store/access-key}
- {name: INYOURAREA_S3_SECRET_KEY_FILE, value: /etc/inyourarea/store/secret-key}
{{- if and $store.caSecretName (not $isDev) }}
- {name: INYOURAREA_S3_CA_FILE, value: /etc/inyourarea/store-ca/ca.crt}
{{- end }}
- {name: HOME, value: /tmp}
{{- end }}

{{- define "inyourarea.catalog" -}}
- name: INYOURAREA_CATALOG_URL
  valueFrom: {secretKeyRef: {name: {{ include "inyourarea.catalogSecret" . | quote }}, key: url}}
{{- if include "inyourarea.catalogCa" . }}
# PostgreSQL's own library reads it, where the address names no certificates itself.
- {name: PGSSLROOTCERT, value: /etc/inyourarea/catalog-ca/ca.crt}
{{- end }}
{{- end }}

{{- define "inyourarea.catalogCa" -}}
{{- if not .Values.dev.enabled }}{{ .Values.catalog.caSecretName }}{{ end }}
{{- end }}

{{- define "inyourarea.catalogMounts" -}}
{{- if include "inyourarea.catalogCa" . }}
- {name: catalog-ca, mountPath: /etc/inyourarea/catalog-ca, readOnly: true}
{{- end }}
{{- end }}

{{- define "inyourarea.catalogVolumes" -}}
{{- with include "inyourarea.catalogCa" . }}
- name: catalog-ca
  secret: {secretName: {{ . | quote }}, defaultMode: 0440, items: [{key: ca.crt, path: ca.crt}]}
{{- end }}
{{- end }}

{{- define "inyourarea.secretMounts" -}}
{{- $values := .root.Values -}}
- {name: store-key, mountPath: /etc/inyourarea/store, readOnly: true}
{{- if not $values.dev.enabled }}
{{- if eq $values.kafka.protocol "SASL_SSL" }}
- {name: kafka-key, mountPath: /etc/inyourarea/kafka, readOnly: true}
{{- if $values.kafka.caSecretName }}
- {name: kafka-ca, mountPath: /etc/inyourarea/kafka-ca, readOnly: true}
{{- end }}
{{- end }}
{{- if $values.objectStore.caSecretName }}
- {name: store-ca, mountPath: /etc/inyourarea/store-ca, readOnly: true}
{{- end }}
{{- end }}
- {name: scratch, mountPath: /tmp}
{{- end }}

{{/* Takes `scratch`, the size of the only place that can be written, too. */}}
{{- define "inyourarea.secretVolumes" -}}
{{- $values := .root.Values -}}
- name: store-key
  secret:
    secretName: {{ include "inyourarea.storeSecret" . | quote }}
    defaultMode: 0440
    items: [{key: access-key, path: access-key}, {key: secret-key, path: secret-key}]
{{- if not $values.dev.enabled }}
{{- if eq $values.kafka.protocol "SASL_SSL" }}
- name: kafka-key
  secret: {secretName: {{ $values.kafka.secretName | quote }}, defaultMode: 0440, items: [{key: password, path: password}]}
{{- with $values.kafka.caSecretName }}
- name: kafka-ca
  secret: {secretName: {{ . | quote }}, defaultMode: 0440, items: [{key: ca.crt, path: ca.crt}]}
{{- end }}
{{- end }}
{{- with $values.objectStore.caSecretName }}
- name: store-ca
  secret: {secretName: {{ . | quote }}, defaultMode: 0440, items: [{key: ca.crt, path: ca.crt}]}
{{- end }}
{{- end }}
- name: scratch
  emptyDir: {sizeLimit: {{ .scratch }}}
{{- end }}

{{/* What one stage is told beside that. */}}
{{- define "inyourarea.stageEnvironment" -}}
{{- $values := .root.Values -}}
{{- $site := $values.site -}}
{{- $grpc := include "inyourarea.grpcPort" . -}}
- {name: INYOURAREA_LISTEN, value: "0.0.0.0:{{ $grpc }}"}
- {name: INYOURAREA_METRICS, value: "0.0.0.0:{{ include "inyourarea.metricsPort" . }}"}
- {name: INYOURAREA_SCRATCH, value: /tmp}
{{- with $values.monitoring.tracesTo }}
- {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ . | quote }}}
{{- end }}
{{- if $values.tls.secretName }}
- {name: INYOURAREA_TLS_CERT_FILE, value: /etc/inyourarea/tls/tls.crt}
- {name: INYOURAREA_TLS_KEY_FILE, value: /etc/inyourarea/tls/tls.key}
- {name: INYOURAREA_TLS_CA_FILE, value: /etc/inyourarea/tls/ca.crt}
{{- end }}
{{- if eq .name "detect" }}
{{- if $values.triton.enabled }}
- {name: INYOURAREA_TRITON_ADDRESS, value: "{{ include "inyourarea.name" (dict "root" .root "name" "triton") }}:8001"}
{{- else }}
- {name: INYOURAREA_MODELS, value: /models}
{{- end }}
{{- end }}
{{- if eq .name "gateway" }}
{{ include "inyourarea.catalog" .root }}
- {name: INYOURAREA_GATEWAY_HTTP, value: "0.0.0.0:8000"}
- {name: INYOURAREA_INGEST_ADDRESS, value: "{{ include "inyourarea.name" (dict "root" .root "name" "ingest") }}:{{ $grpc }}"}
- {name: INYOURAREA_TRACK_ADDRESS, value: "{{ include "inyourarea.name" (dict "root" .root "name" "track") }}:{{ $grpc }}"}
- {name: INYOURAREA_GATEWAY_MODELS, value: /models/models.json}
- {name: INYOURAREA_GATEWAY_HOSTS, value: {{ include "inyourarea.hosts" . | quote }}}
- {name: INYOURAREA_GATEWAY_MOST_UPLOAD_GIB, value: {{ $site.mostUploadGiB | int | quote }}}
{{- if $site.grpc.enabled }}
- {name: INYOURAREA_GATEWAY_GRPC, value: "0.0.0.0:50052"}
{{- if $site.grpc.tlsSecretName }}
- {name: INYOURAREA_GATEWAY_GRPC_CERT_FILE, value: /etc/inyourarea/site-tls/tls.crt}
- {name: INYOURAREA_GATEWAY_GRPC_KEY_FILE, value: /etc/inyourarea/site-tls/tls.key}
{{- end }}
{{- end }}
- {name: INYOURAREA_GATEWAY_TRAINS, value: {{ ternary "yes" "no" (($values.train.jobs).enabled | default false) | quote }}}
{{- with $site.s3Sources }}
- {name: INYOURAREA_GATEWAY_S3_SOURCES, value: {{ join "," . | quote }}}
{{- end }}
{{- with $site.s3Address }}
- {name: INYOURAREA_GATEWAY_S3_ADDRESS, value: {{ . | quote }}}
{{- end }}
{{- with $site.proxies }}
- {name: INYOURAREA_GATEWAY_PROXIES, value: {{ join "," . | quote }}}
{{- end }}
{{- with $site.webhookNetworks }}
- {name: INYOURAREA_GATEWAY_WEBHOOK_NETWORKS, value: {{ join "," . | quote }}}
{{- end }}
{{- end }}
{{- range $name, $value := (get $values.stages .name).settings }}
- {name: INYOURAREA_{{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- end }}

{{/* The site's names: those that were given, and its Service's. */}}
{{- define "inyourarea.hosts" -}}
{{- $service := include "inyourarea.name" . -}}
{{- $space := .root.Release.Namespace -}}
{{- $inside := list $service (printf "%s.%s" $service $space) (printf "%s.%s.svc" $service $space) (printf "%s.%s.svc.cluster.local" $service $space) -}}
{{ concat .root.Values.site.hosts $inside | join "," }}
{{- end }}

{{/* Certificates of stages; jobs ask no service. */}}
{{- define "inyourarea.tlsMounts" -}}
{{- if .root.Values.tls.secretName }}
- {name: tls, mountPath: /etc/inyourarea/tls, readOnly: true}
{{- end }}
{{- if and (eq .name "gateway") .root.Values.site.grpc.tlsSecretName }}
- {name: site-tls, mountPath: /etc/inyourarea/site-tls, readOnly: true}
{{- end }}
{{- end }}

{{- define "inyourarea.tlsVolumes" -}}
{{- with .root.Values.tls.secretName }}
- name: tls
  secret: {secretName: {{ . | quote }}, defaultMode: 0440}
{{- end }}
{{- if and (eq .name "gateway") .root.Values.site.grpc.tlsSecretName }}
- name: site-tls
  secret: {secretName: {{ .root.Values.site.grpc.tlsSecretName | quote }}, defaultMode: 0440}
{{- end }}
{{- end }}

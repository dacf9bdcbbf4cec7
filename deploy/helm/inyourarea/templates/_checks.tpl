{{/* What values.schema.json can not see: values that do not go together. Each is refused with a sentence. */}}

{{- define "inyourarea.checks" -}}
{{- $values := .Values -}}
{{- include "inyourarea.valuesThere" . -}}
{{- if not $values.dev.enabled -}}
{{- if not $values.kafka.servers }}{{ fail "kafka.servers is empty: name your brokers, such as `--set kafka.servers={broker:9092}`, or try the chart out with `--set dev.enabled=true`" }}{{ end -}}
{{- if not $values.objectStore.endpoint }}{{ fail "objectStore.endpoint is empty: name your S3, such as https://s3.eu-central-1.amazonaws.com, or try the chart out with `--set dev.enabled=true`" }}{{ end -}}
{{- if not $values.catalog.secretName }}{{ fail "catalog.secretName is empty: name the secret whose key `url` leads to your PostgreSQL, or try the chart out with `--set dev.enabled=true`" }}{{ end -}}
{{- if and (eq $values.kafka.protocol "SASL_SSL") (not $values.kafka.secretName) }}{{ fail "kafka.protocol is SASL_SSL, so kafka.secretName must name the secret with the keys `user` and `password`" }}{{ end -}}
{{- range $name := include "inyourarea.keyHolders" . | splitList " " -}}
{{- if not (include "inyourarea.storeSecret" (dict "root" $ "name" $name)) }}{{ fail (printf "objectStore.secretName is empty and objectStore.secretNames has none for %s: name the secret with the keys `access-key` and `secret-key`" $name) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- include "inyourarea.formsRight" . -}}
{{- include "inyourarea.secretsThere" . -}}
{{- $scaler := include "inyourarea.scaler" . -}}
{{- range $name, $stage := $values.stages -}}
{{- $part := dict "root" $ "name" $name -}}
{{- $most := include "inyourarea.most" $part | int -}}
{{- $partitions := include "inyourarea.partitions" $part | int -}}
{{- if lt (int $stage.most) (int $stage.least) }}{{ fail (printf "stages.%s.most is %d, less than its least, %d" $name (int $stage.most) (int $stage.least)) }}{{ end -}}
{{- if gt $most $partitions }}{{ fail (printf "stages.%s.most is %d, but its topics have %d partitions, so that further copies would have no work; raise kafka.lanePartitions, or lower most" $name $most $partitions) }}{{ end -}}
{{- if lt $most (int $stage.least) }}{{ fail (printf "stages.%s.least is %d, but with dev.kafka.lanePartitions %d copies have work" $name (int $stage.least) $partitions) }}{{ end -}}
{{- end -}}
{{- $triton := $values.triton -}}
{{- if $triton.enabled -}}
{{- if lt (int $triton.most) (int $triton.least) }}{{ fail (printf "triton.most is %d, less than its least, %d" (int $triton.most) (int $triton.least)) }}{{ end -}}
{{- if and $triton.repository (not (get $values.objectStore.secretNames "triton")) (not $values.objectStore.secretName) }}{{ fail "triton.repository is in an object store, so objectStore.secretNames.triton must name the secret with its keys" }}{{ end -}}
{{- end -}}
{{- $route := $values.site.route -}}
{{- if ne $route.kind "none" -}}
{{- if not $values.site.hosts }}{{ fail (printf "site.route.kind is %s, so site.hosts must name the hosts that it leads here" $route.kind) }}{{ end -}}
{{- if not $values.site.proxies }}{{ fail (printf "site.route.kind is %s, so site.proxies must name the networks that its requests come from, such as the pods', `--set site.proxies={10.0.0.0/8}`: without, all people are one caller, and where TLS ends before the site no browser can sign in or upload" $route.kind) }}{{ end -}}
{{- end -}}
{{- if and (eq $route.kind "httpRoute") (not $route.parents) }}{{ fail "site.route.kind is httpRoute, so site.route.parents must name the Gateway that it hangs on" }}{{ end -}}
{{- if and $values.train.jobs.enabled (ne $scaler "keda") }}{{ fail "train.jobs.enabled is set, but what starts those jobs is KEDA: install it, or leave that out and run `inyourarea train`" }}{{ end -}}
{{- if and $values.train.enabled (not $values.train.claim) }}{{ fail "train.enabled is set, so train.claim must name the volume that the model is written to" }}{{ end -}}
{{- end }}

{{/*
Values that came to the chart after its first users: `helm upgrade --reuse-values` has those of the release
before and no default for these. Whatever is made before this is asked must bear that they are not there.
*/}}
{{- define "inyourarea.valuesThere" -}}
{{- range $path := list "kafka.lanePartitions" "dev.kafka.lanePartitions" "train.jobs.hours" -}}
{{- $found := $.Values -}}
{{- range splitList "." $path }}{{ $found = get ($found | default dict) . }}{{ end -}}
{{- if not $found }}{{ fail (printf "%s has no value, not even its default, as where --reuse-values brings those of an older chart: upgrade with --reset-then-reuse-values instead" $path) }}{{ end -}}
{{- end -}}
{{- end }}

{{/* What is written as it can not be: each with how it is written. */}}
{{- define "inyourarea.formsRight" -}}
{{- $values := .Values -}}
{{- if not (regexMatch "^[a-z]([a-z0-9-]*[a-z0-9])?$" (include "inyourarea.fullname" .)) }}{{ fail (printf "the release is called %q, after which no Service can be called: begin with a letter, and use small letters, digits and hyphens" .Release.Name) }}{{ end -}}
{{- range $values.kafka.servers }}{{ if not (regexMatch "^[^:/ ]+:[0-9]+$" .) }}{{ fail (printf "kafka.servers has %q, which is no HOST:PORT, such as broker:9092" .) }}{{ end }}{{ end -}}
{{- range $place, $address := dict "objectStore.endpoint" $values.objectStore.endpoint "site.s3Address" $values.site.s3Address -}}
{{- if not (regexMatch "^(https?://[^/ ]+)?$" $address) }}{{ fail (printf "%s is %q, which is no address of an S3: write it with http:// or https:// and without a path, such as https://s3.example:9000" $place $address) }}{{ end -}}
{{- end -}}
{{- if not (regexMatch "^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$" $values.objectStore.bucket) }}{{ fail (printf "objectStore.bucket is %q, which no bucket can be called: 3 to 63 small letters, digits and hyphens" $values.objectStore.bucket) }}{{ end -}}
{{- range $image, $digest := $values.image.digests }}{{ if not (regexMatch "^sha256:[0-9a-f]{64}$" $digest) }}{{ fail (printf "image.digests.%s is %q, which is no digest: sha256: and 64 hex digits, as `docker image inspect` or the registry says; a tag is image.tag" $image $digest) }}{{ end }}{{ end -}}
{{- if and $values.triton.enabled (not $values.triton.repository) (lt (int $values.triton.gpus) 1) }}{{ fail "triton.gpus is 0, but the models of the image `models` are made for GPUs: give it one, name a triton.repository that was made for CPUs, or set triton.enabled=false, and detect finds people on CPUs itself" }}{{ end -}}
{{- end }}

{{/*
Secrets and volumes that were named are there, secrets with their keys: a pod would wait for one without a
word. Asked only of a cluster (`helm template` has none), which is known by what every namespace has.
*/}}
{{- define "inyourarea.secretsThere" -}}
{{- $values := .Values -}}
{{- $route := $values.site.route -}}
{{- $wanted := list -}}
{{- if not $values.dev.enabled -}}
{{- $wanted = append $wanted (list $values.catalog.secretName "url") -}}
{{- $ofStore := include "inyourarea.keyHolders" . | splitList " " -}}
{{- if and $values.triton.enabled $values.triton.repository }}{{ $ofStore = append $ofStore "triton" }}{{ end -}}
{{- range $name := $ofStore -}}
{{- $secret := include "inyourarea.storeSecret" (dict "root" $ "name" $name) -}}
{{- $wanted = concat $wanted (list (list $secret "access-key") (list $secret "secret-key")) -}}
{{- end -}}
{{- if eq $values.kafka.protocol "SASL_SSL" -}}
{{- $wanted = concat $wanted (list (list $values.kafka.secretName "user") (list $values.kafka.secretName "password")) -}}
{{- with $values.kafka.caSecretName }}{{ $wanted = append $wanted (list . "ca.crt") }}{{ end -}}
{{- end -}}
{{- range compact (list $values.objectStore.caSecretName $values.catalog.caSecretName) }}{{ $wanted = append $wanted (list . "ca.crt") }}{{ end -}}
{{- end -}}
{{- with $values.tls.secretName }}{{ $wanted = concat $wanted (list (list . "tls.crt") (list . "tls.key") (list . "ca.crt")) }}{{ end -}}
{{- $sites := list $values.site.grpc.tlsSecretName -}}
{{- /* cert-manager makes an ingress's secret once it sees the ingress. */}}
{{- if and (eq $route.kind "ingress") (not (contains "cert-manager.io/" (toJson $route.annotations))) }}{{ $sites = append $sites $route.tlsSecretName }}{{ end -}}
{{- range compact $sites }}{{ $wanted = concat $wanted (list (list . "tls.crt") (list . "tls.key")) }}{{ end -}}
{{- range $values.image.pullSecrets }}{{ $wanted = append $wanted (list . ".dockerconfigjson") }}{{ end -}}
{{- $claims := list -}}
{{- if $values.train.enabled }}{{ $claims = append $claims $values.train.claim }}{{ end -}}
{{- if $values.triton.enabled }}{{ $claims = append $claims $values.triton.engines.claim }}{{ end -}}
{{- if lookup "v1" "ServiceAccount" .Release.Namespace "default" -}}
{{- range $wanted -}}
{{- $name := first . -}}
{{- $found := lookup "v1" "Secret" $.Release.Namespace $name -}}
{{- if not $found }}{{ fail (printf "there is no secret %s in namespace %s: make it with the key `%s`, then say this again" $name $.Release.Namespace (last .)) }}{{ end -}}
{{- if not (hasKey ($found.data | default dict) (last .)) }}{{ fail (printf "secret %s in namespace %s has no key `%s`: add it, then say this again" $name $.Release.Namespace (last .)) }}{{ end -}}
{{- end -}}
{{- range compact $claims -}}
{{- if not (lookup "v1" "PersistentVolumeClaim" $.Release.Namespace .) }}{{ fail (printf "there is no persistent volume claim %s in namespace %s: make it, then say this again" . $.Release.Namespace) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end }}

#!/usr/bin/env bash
# Terraform: applied against moto, then planned without drift. The client and the plugin of hashicorp/aws are the machine's.
. "${here:?run.sh starts this}/common.sh"
command -v terraform >/dev/null || skip "terraform is not here"
plugins=
for folder in "${TF_PLUGIN_DIR:-}" /opt/tf-plugins /usr/share/terraform/plugins ~/.terraform.d/plugins; do
  plugin=$(find "$folder" -path '*/hashicorp/aws/*' -name 'terraform-provider-aws_*' -print -quit 2>/dev/null || true)
  if [ -n "$plugin" ]; then
    plugins=$folder
    break
  fi
done
[ -n "$plugins" ] || skip "no plugin folder with hashicorp/aws (TF_PLUGIN_DIR names one)"
unset TF_CLI_CONFIG_FILE TF_CLI_ARGS TF_DATA_DIR TF_WORKSPACE
export TF_IN_AUTOMATION=1 TF_INPUT=0 CHECKPOINT_DISABLE=1
start_moto

# plan : 0 nothing to do, 2 something. What would change is in ../changes.
plan() {
  local status=0
  terraform plan -json -detailed-exitcode >../plan || status=$?
  jq -r 'select(.type == "planned_change").change.resource.addr' ../plan >../changes
  return "$status"
}

no_drift() {
  local status=0
  plan || status=$?
  equal "exit code of the plan, $1" "$status" 0
  equal "changes, $1" "$(wc -l <../changes)" 0
}
keep_wheels

say "make, terraform init, terraform apply"
make build
proof dist/report.json 1
terraform init -no-color -plugin-dir "$plugins"
terraform apply -no-color -auto-approve
code_sha() { terraform state pull | jq -r --arg type "$1" '.resources[] | select(.type == $type).instances[0].attributes.code_sha256'; }
equal "code_sha256 of the function" "$(code_sha aws_lambda_function)" "$(sha dist/function.zip)"
equal "code_sha256 of the layer" "$(code_sha aws_lambda_layer_version)" "$(sha dist/layer.zip)"
no_drift "after apply"

say "all dates new"
touch_all
make build
no_drift "after touch"

say "a second build from nothing"
rm -rf build dist ../cache
make build
no_drift "after a build from nothing"

say "changed code"
edit
make build
status=0
plan || status=$?
equal "exit code of the plan after an edit" "$status" 2
equal "changes after an edit" "$(cat ../changes)" aws_lambda_function.invitation
terraform apply -no-color -auto-approve
equal "code_sha256 of the function" "$(code_sha aws_lambda_function)" "$(sha dist/function.zip)"
no_drift "after the second apply"

version=$(terraform version -json | jq -r '"\(.terraform_version), \(.provider_selections[])"')
proven "Terraform, hashicorp/aws" "$version" \
  "\`apply\` against moto: \`code_sha256\` of both is that of \`report.json\`; \`plan -detailed-exitcode\` is 0 then, after new dates and after a build from nothing; an edit plans the function alone" \
  "of this machine"

